// Constructs and tables that a model can't have, found in the analyzed query.
#include "model_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace daas {
namespace {

/// Where a check is: the query's text and the node whose functions are looked at.
struct Place {
  const char* text;
  Node* node;
  List** functions;
};

[[noreturn]] void refuse_expression(const Place& place, const char* construct, const char* hint) {
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("%s is not supported in a model's query", construct), errhint("%s", hint),
                  query_position(place.text, exprLocation(place.node))));
  pg_unreachable();
}

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

bool check_function(Oid function, void* context) {
  const Place* place = static_cast<Place*>(context);
  const char* refusal = function_refusal(function);
  if (refusal == nullptr) {
    if (function >= FirstNormalObjectId) {
      *place->functions = list_append_unique_oid(*place->functions, function);
    }
    return false;
  }
  ereport(ERROR,
          (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
           errmsg("function %s() is not supported in a model's query", get_func_name(function)),
           errdetail("It %s; a document must change only when its row does.", refusal),
           errhint("Use IMMUTABLE functions, or store the value in a column."),
           query_position(place->text, exprLocation(place->node))));
  pg_unreachable();
}

/// What the walk carries along.
struct Checked {
  const char* text;
  List* relative_times;
  List** functions;
};

bool check_node(Node* node, const Checked* checked) {
  if (node == nullptr) return false;
  Place place{checked->text, node, checked->functions};
  switch (nodeTag(node)) {
    case T_Var: {
      const AttrNumber attribute = castNode(Var, node)->varattno;
      if (attribute < 0) {
        refuse_expression(place, "a system column", "Name columns of the table only.");
      }
      if (attribute == 0) {
        refuse_expression(place, "a whole-row reference",
                          "List the columns, or use jsonb_build_object().");
      }
      return false;
    }
    case T_Const: {
      const Const* constant = castNode(Const, node);
      const char category = TypeCategory(constant->consttype);
      if (category == TYPCATEGORY_DATETIME &&
          list_member_int(checked->relative_times, constant->location)) {
        refuse_expression(place, "'now', 'today' or a similar literal",
                          "It would be frozen when the model is defined: write a fixed time.");
      }
      return false;
    }
    case T_Aggref:
    case T_GroupingFunc:
      refuse_expression(place, "an aggregate function", "A document is one row of the table.");
    case T_WindowFunc:
      refuse_expression(place, "a window function", "A document depends on its own row only.");
    case T_SubLink:
      refuse_expression(place, "a subquery", "A model reads the rows of one table.");
    case T_Param:
      refuse_expression(place, "a parameter", "Write the value into the query.");
    case T_SQLValueFunction:
      refuse_expression(place, "CURRENT_DATE, CURRENT_USER or a similar value",
                        "A document must change only when its row does.");
    case T_NextValueExpr:
    case T_CurrentOfExpr:
      refuse_expression(place, "a sequence or cursor", "Name columns of the table only.");
    case T_FuncExpr:
      if (castNode(FuncExpr, node)->funcretset) {
        refuse_expression(place, "a set-returning function", "A document is one row of the table.");
      }
      break;
    case T_OpExpr:
      if (castNode(OpExpr, node)->opretset) {
        refuse_expression(place, "a set-returning operator", "A document is one row of the table.");
      }
      break;
    default:
      break;
  }
  check_functions_in_node(node, check_function, &place);
  return walk_expression(node, check_node, checked);
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
    case RELKIND_VIEW:
      refuse_table(table, "is a view", "Give the view's query with its base table.");
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

Oid check_model_query(const char* text, Query* query, List* relative_times, List** functions) {
  RangeTblEntry* entry = nullptr;
  ListCell* cell;
  foreach (cell, query->rtable) {
    RangeTblEntry* each = lfirst_node(RangeTblEntry, cell);
    // The raw tree had one plain name in FROM, so this is a defect or a hook at work.
    if (each->rtekind != RTE_RELATION || entry != nullptr) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("a model's query must read one table")));
    }
    entry = each;
  }
  if (query->commandType != CMD_SELECT || entry == nullptr || query->hasModifyingCTE ||
      query->hasForUpdate || query->setOperations != nullptr) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("a model's query must be a plain SELECT from one table")));
  }
  const Checked checked{text, relative_times, functions};
  walk_query(query, check_node, &checked, QTW_IGNORE_RANGE_TABLE);
  return entry->relid;
}

}  // namespace daas
