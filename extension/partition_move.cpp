#include "partition_move.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
}

namespace daas {
namespace {

/// As of the transaction's first command: rows that its later commands deleted are still seen.
/// The copy borrows the active snapshot's arrays.
SnapshotData snapshot_before() {
  SnapshotData before = *GetActiveSnapshot();
  before.curcid = FirstCommandId;
  return before;
}

/// Children in the catalogs as `snapshot` sees them; null: as they are now.
List* children_of(Relation inherits, Snapshot snapshot, Oid parent) {
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_inherits_inhparent, BTEqualStrategyNumber, F_OIDEQ,
              ObjectIdGetDatum(parent));
  SysScanDesc scan = systable_beginscan(inherits, InheritsParentIndexId, true, snapshot, 1, &key);
  List* children = NIL;
  for (HeapTuple tuple = systable_getnext(scan); HeapTupleIsValid(tuple);
       tuple = systable_getnext(scan)) {
    children =
        lappend_oid(children, reinterpret_cast<Form_pg_inherits>(GETSTRUCT(tuple))->inhrelid);
  }
  systable_endscan(scan);
  return children;
}

Oid parent_before(Relation inherits, Snapshot before, Oid relation) {
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
              ObjectIdGetDatum(relation));
  SysScanDesc scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, before, 1, &key);
  Oid parent = InvalidOid;
  HeapTuple tuple = systable_getnext(scan);
  if (HeapTupleIsValid(tuple)) {
    parent = reinterpret_cast<Form_pg_inherits>(GETSTRUCT(tuple))->inhparent;
  }
  systable_endscan(scan);
  return parent;
}

/// Without a single block there is no row. Dead rows may keep blocks: then we say it isn't empty.
bool has_blocks(Oid relation) {
  // A detached partition may have been dropped since: the event of the drop counts it.
  if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relation))) return false;
  List* parts = find_all_inheritors(relation, AccessShareLock, nullptr);
  bool found = false;
  ListCell* cell;
  foreach (cell, parts) {
    Relation part = table_open(lfirst_oid(cell), NoLock);
    found = found ||
            (RELKIND_HAS_STORAGE(part->rd_rel->relkind) && RelationGetNumberOfBlocks(part) > 0);
    table_close(part, NoLock);
  }
  return found;
}

}  // namespace

Oid dropped_partition_root(Oid relation) {
  SnapshotData before = snapshot_before();
  Relation inherits = table_open(InheritsRelationId, AccessShareLock);
  Oid root = InvalidOid;
  for (Oid parent = parent_before(inherits, &before, relation); OidIsValid(parent);
       parent = parent_before(inherits, &before, parent)) {
    CHECK_FOR_INTERRUPTS();
    root = parent;
  }
  table_close(inherits, AccessShareLock);
  return root;
}

bool moves_rows(const CollectedCommand* command) {
  if (command->type != SCT_AlterTable) return false;
  bool moves = false;
  ListCell* cell;
  foreach (cell, command->d.alterTable.subcmds) {
    Node* subcommand = static_cast<const CollectedATSubcmd*>(lfirst(cell))->parsetree;
    if (!IsA(subcommand, AlterTableCmd)) continue;
    const AlterTableType type = castNode(AlterTableCmd, subcommand)->subtype;
    moves = moves || type == AT_AttachPartition || type == AT_DetachPartition ||
            type == AT_DetachPartitionFinalize;
  }
  if (!moves) return false;
  // The command doesn't say which partition it was: every one that this transaction attached or
  // detached so far counts, which errs on the side of saying yes.
  SnapshotData before = snapshot_before();
  Relation inherits = table_open(InheritsRelationId, AccessShareLock);
  List* old_children = children_of(inherits, &before, command->d.alterTable.objectId);
  List* new_children = children_of(inherits, nullptr, command->d.alterTable.objectId);
  table_close(inherits, AccessShareLock);
  List* moved = list_concat(list_difference_oid(old_children, new_children),
                            list_difference_oid(new_children, old_children));
  foreach (cell, moved) {
    if (has_blocks(lfirst_oid(cell))) return true;
  }
  return false;
}

}  // namespace daas
