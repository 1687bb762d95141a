// Old images in the WAL hold what the replica identity says: it must cover what the deltas need.
#include "model_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "lib/stringinfo.h"
#include "nodes/bitmapset.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace daas {
namespace {

/// What is needed of the old images of one table.
struct Needed {
  const ModelQuery& model;
  Oid table;
  List* columns;  ///< int list: attributes
  bool key;       ///< exactly the key of the documents, nothing else
};

const char* qualified_name(Relation relation) {
  return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
                                    RelationGetRelationName(relation));
}

/// The attributes in a partition, which may have its columns in another order.
List* columns_in(const Needed& needed, Relation part) {
  List* attributes = NIL;
  ListCell* cell;
  foreach (cell, needed.columns) {
    const char* name = get_attname(needed.table, static_cast<AttrNumber>(lfirst_int(cell)), false);
    attributes = lappend_int(attributes, get_attnum(RelationGetRelid(part), name));
  }
  return attributes;
}

bool is_covered(Relation part, List* attributes) {
  if (part->rd_rel->relreplident == REPLICA_IDENTITY_FULL) return true;
  if (!OidIsValid(RelationGetReplicaIndex(part))) return false;
  Bitmapset* identity = RelationGetIndexAttrBitmap(part, INDEX_ATTR_BITMAP_IDENTITY_KEY);
  ListCell* cell;
  foreach (cell, attributes) {
    if (!bms_is_member(lfirst_int(cell) - FirstLowInvalidHeapAttributeNumber, identity)) return false;
  }
  return true;
}

bool can_be_identity(Relation part, Relation index, List* attributes) {
  if (!proves_unique(index)) return false;
  Form_pg_index form = index->rd_index;
  List* covered = NIL;
  for (int i = 0; i < form->indnkeyatts; ++i) {
    if (!TupleDescAttr(RelationGetDescr(part), form->indkey.values[i] - 1)->attnotnull) return false;
    covered = lappend_int(covered, form->indkey.values[i]);
  }
  return list_difference_int(attributes, covered) == NIL;
}

const char* names_of(const Needed& needed) {
  StringInfoData names;
  initStringInfo(&names);
  ListCell* cell;
  foreach (cell, needed.columns) {
    appendStringInfo(
        &names, "%s%s", names.len > 0 ? ", " : "",
        quote_identifier(get_attname(needed.table, static_cast<AttrNumber>(lfirst_int(cell)), false)));
  }
  return names.data;
}

void check_identity_of(const Needed& needed, Relation part) {
  List* attributes = columns_in(needed, part);
  if (is_covered(part, attributes)) return;
  ereport(ERROR,
          (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
           needed.key ? errmsg("the replica identity of %s does not cover the key (%s)",
                               qualified_name(part), key_names(needed.model))
                      : errmsg("the replica identity of %s does not cover the columns (%s)",
                               qualified_name(part), names_of(needed)),
           needed.key
               ? errdetail("Without it an UPDATE or DELETE does not say which document it concerns.")
               : errdetail("Without them an UPDATE or DELETE does not say which documents it concerns."),
           errhint("Run ALTER TABLE %s REPLICA IDENTITY %s.", qualified_name(part),
                   mending_identity(part, attributes))));
}

void check_table(const Needed& needed) {
  Relation table = table_open(needed.table, AccessShareLock);
  if (table->rd_rel->relkind == RELKIND_PARTITIONED_TABLE) {
    List* parts = find_all_inheritors(needed.table, AccessShareLock, nullptr);
    ListCell* cell;
    foreach (cell, parts) {
      Relation part = table_open(lfirst_oid(cell), NoLock);
      if (part->rd_rel->relkind == RELKIND_RELATION) check_identity_of(needed, part);
      table_close(part, NoLock);
    }
  } else {
    check_identity_of(needed, table);
  }
  table_close(table, NoLock);
}

}  // namespace

const char* mending_identity(Relation part, List* attributes) {
  const char* found = "FULL";
  int width = INDEX_MAX_KEYS + 1;
  List* indexes = RelationGetIndexList(part);
  ListCell* cell;
  foreach (cell, indexes) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    const bool primary = index->rd_index->indisprimary;
    const int columns = primary ? 0 : index->rd_index->indnkeyatts;
    if (columns < width && can_be_identity(part, index, attributes)) {
      width = columns;
      found = primary ? "DEFAULT"
                      : psprintf("USING INDEX %s", quote_identifier(RelationGetRelationName(index)));
    }
    index_close(index, AccessShareLock);
  }
  return found;
}

void check_replica_identity(const ModelQuery& model) {
  ListCell* cell;
  foreach (cell, model.tables) {
    Needed needed{model, lfirst_oid(cell), NIL, true};
    for (Delta* delta : each<Delta>(model.deltas)) {
      if (delta->table != needed.table || delta->mode == DeltaMode::kRefresh) continue;
      needed.key = needed.key && delta->mode == DeltaMode::kKey;
      needed.columns = list_concat_unique_int(needed.columns, delta->columns);
    }
    if (needed.columns != NIL) check_table(needed);
  }
}

}  // namespace daas
