#include "type_change.hpp"

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

}  // namespace daas
