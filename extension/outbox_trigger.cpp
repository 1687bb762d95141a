#include "outbox_trigger.hpp"

#include <cstring>

namespace daas {
namespace {

constexpr char kTriggerPrefix[] = "daas_outbox_";

}  // namespace

bool enables_outbox_triggers(const CollectedCommand* command) {
  if (command->type != SCT_AlterTable || command->d.alterTable.subcmds == NIL) return false;
  ListCell* cell;
  foreach (cell, command->d.alterTable.subcmds) {
    Node* subcommand = static_cast<const CollectedATSubcmd*>(lfirst(cell))->parsetree;
    if (!IsA(subcommand, AlterTableCmd)) return false;
    const AlterTableCmd* part = castNode(AlterTableCmd, subcommand);
    if (part->subtype != AT_EnableAlwaysTrig || part->name == nullptr) return false;
    if (std::strncmp(part->name, kTriggerPrefix, sizeof kTriggerPrefix - 1) != 0) return false;
  }
  return true;
}

}  // namespace daas
