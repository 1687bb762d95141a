#include "dropped_partition.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

namespace daas {
namespace {

Oid parent_before(Relation inherits, Snapshot before, Oid relation) {
  ScanKeyData key;
  ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ,
              ObjectIdGetDatum(relation));
  SysScanDesc scan =
      systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, before, 1, &key);
  Oid parent = InvalidOid;
  HeapTuple tuple = systable_getnext(scan);
  if (HeapTupleIsValid(tuple)) {
    parent = reinterpret_cast<Form_pg_inherits>(GETSTRUCT(tuple))->inhparent;
  }
  systable_endscan(scan);
  return parent;
}

}  // namespace

Oid dropped_partition_root(Oid relation) {
  // As of the transaction's first command: rows that its later commands deleted are still seen.
  // The copy borrows the active snapshot's arrays, which outlive this call.
  SnapshotData before = *GetActiveSnapshot();
  before.curcid = FirstCommandId;
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

}  // namespace daas
