#include "type_change.hpp"

#include "query_tree.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace daas {

bool changes_values(const CollectedCommand* command) {
  if (command->type == SCT_AlterTable) return true;
  if (command->type != SCT_Simple || command->parsetree == nullptr) return false;
  if (IsA(command->parsetree, AlterEnumStmt)) {
    return castNode(AlterEnumStmt, command->parsetree)->oldVal != nullptr;
  }
  if (!IsA(command->parsetree, RenameStmt)) return false;
  const ObjectType renamed = castNode(RenameStmt, command->parsetree)->renameType;
  return renamed == OBJECT_ATTRIBUTE || renamed == OBJECT_COLUMN;
}

bool changes_columns(const CollectedCommand* command) {
  if (command->type != SCT_AlterTable) return false;
  for (CollectedATSubcmd* part : each<CollectedATSubcmd>(command->d.alterTable.subcmds)) {
    if (!IsA(part->parsetree, AlterTableCmd)) continue;
    switch (castNode(AlterTableCmd, part->parsetree)->subtype) {
      case AT_AlterColumnType:
      case AT_DropColumn:
      case AT_DropColumnRecurse:
      case AT_DropNotNull:
        return true;
      default:
        break;
    }
  }
  return false;
}

}  // namespace daas
