// Tables and views that a model can't read.
#include "model_query.hpp"

extern "C" {
#include "access/table.h"
#include "access/transam.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace daas {
namespace {

[[noreturn]] void refuse_table(Relation table, const char* what, const char* hint) {
  ereport(ERROR,
          (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
           errmsg("%s %s: a model can't read it",
                  quote_qualified_identifier(isAnyTempNamespace(RelationGetNamespace(table))
                                                 ? "pg_temp"
                                                 : get_namespace_name(RelationGetNamespace(table)),
                                             RelationGetRelationName(table)),
                  what),
           errhint("%s", hint)));
  pg_unreachable();
}

void check_partitions(Relation table) {
  List* children = find_all_inheritors(RelationGetRelid(table), AccessShareLock, nullptr);
  ListCell* cell;
  foreach (cell, children) {
    Relation child = table_open(lfirst_oid(cell), NoLock);
    if (child->rd_rel->relkind == RELKIND_FOREIGN_TABLE) {
      refuse_table(child, "is a foreign table", "Changes of other servers can't be captured.");
    }
    if (child->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT) {
      refuse_table(child, "is unlogged or temporary", "Make the partition permanent and logged.");
    }
    table_close(child, NoLock);
  }
}

}  // namespace

void check_source_table(Relation table) {
  Form_pg_class form = table->rd_rel;
  switch (form->relkind) {
    case RELKIND_RELATION:
    case RELKIND_PARTITIONED_TABLE:
      break;
    case RELKIND_MATVIEW:
      refuse_table(table, "is a materialized view",
                   "Its refreshes can't be captured: read its table.");
    case RELKIND_FOREIGN_TABLE:
      refuse_table(table, "is a foreign table", "Changes of other servers can't be captured.");
    default:
      refuse_table(table, "is not a table", "Name a table.");
  }
  if (IsCatalogRelation(table) || RelationGetRelid(table) < FirstNormalObjectId) {
    refuse_table(table, "is a system catalog", "Name a table of your own.");
  }
  if (form->relpersistence == RELPERSISTENCE_TEMP) {
    refuse_table(table, "is temporary", "Make the table permanent.");
  }
  if (form->relpersistence == RELPERSISTENCE_UNLOGGED) {
    refuse_table(table, "is unlogged",
                 psprintf("Its changes are not in the WAL. Run ALTER TABLE %s SET LOGGED.",
                          quote_qualified_identifier(get_namespace_name(form->relnamespace),
                                                     RelationGetRelationName(table))));
  }
  if (!pg_class_ownercheck(RelationGetRelid(table), GetUserId())) {
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("must be owner of table %s", RelationGetRelationName(table)),
                    errhint("A model publishes its table: its owner defines it.")));
  }
  if (form->relrowsecurity) {
    refuse_table(table, "has row level security",
                 "A model's documents are the same for everybody: use the API's scope.");
  }
  if (form->relispartition) {
    refuse_table(table, "is a partition",
                 "Its changes are published as the partitioned table's: name that, and choose "
                 "the partition's rows in WHERE.");
  }
  if (form->relkind == RELKIND_PARTITIONED_TABLE) {
    check_partitions(table);
  } else if (form->relhassubclass &&
             find_inheritance_children(RelationGetRelid(table), AccessShareLock) != NIL) {
    refuse_table(table, "has inheriting tables", "Use a partitioned table, or name a child table.");
  }
}

void check_view(Relation view) {
  if (RelationGetRelid(view) < FirstNormalObjectId) {
    refuse_table(view, "is a system catalog", "Name a table of your own.");
  }
  if (view->rd_rel->relpersistence == RELPERSISTENCE_TEMP) {
    refuse_table(view, "is temporary", "Make the view permanent.");
  }
  if (!pg_class_ownercheck(RelationGetRelid(view), GetUserId())) {
    ereport(ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
             errmsg("must be owner of view %s", RelationGetRelationName(view)),
             errdetail("A model holds the query of a view, which shows more than the view's rights."),
             errhint("A model publishes what it reads: the owner of all of it defines it.")));
  }
  if (RelationIsSecurityView(view)) {
    refuse_table(view, "is a security_barrier view",
                 "A model's documents hold whatever its query lets through: use the API's scope.");
  }
}

}  // namespace daas
