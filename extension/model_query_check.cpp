// Constructs that a model can't have, found in the analyzed query; the tables and views that it reads.
#include "model_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
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

bool check_function(Oid function, void* context) {
  const Place* place = static_cast<Place*>(context);
  ListCell* cell;
  foreach (cell, functions_behind(function)) check_function(lfirst_oid(cell), context);
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

/// What the walk carries along, once for each level of the query.
struct Checked {
  ModelQuery* model;
  List* relative_times;
  Query* level;
  const Checked* outer;
};

Query* level_of(const Var* var, const Checked* checked) {
  for (Index up = 0; up < var->varlevelsup; ++up) checked = checked->outer;
  return checked->level;
}

void check_var(const Var* var, const Place& place, const Checked* checked) {
  if (var->varattno > 0) return;
  if (var->varattno < 0) {
    refuse_expression(place, "a system column", "Name columns of the table only.");
  }
  // Of a table it would change with every ADD COLUMN; a subquery's columns are in the query.
  if (rt_fetch(var->varno, level_of(var, checked)->rtable)->rtekind == RTE_RELATION) {
    refuse_expression(place, "a whole-row reference to a table",
                      "List the columns in a subquery, or use jsonb_build_object().");
  }
}

bool check_node(Node* node, const Checked* checked);

bool check_level(Query* query, const Checked* outer) {
  check_stack_depth();
  Place place{outer->model->text, nullptr, nullptr};
  if (query->commandType != CMD_SELECT || query->hasModifyingCTE || query->rowMarks != NIL) {
    refuse_expression(place, "anything but a plain SELECT", "A model only reads.");
  }
  if (query->hasRecursive || query->groupingSets != NIL) {
    refuse_expression(place, "WITH RECURSIVE or GROUPING SETS in a view",
                      "Give a query without them.");
  }
  const Checked inner{outer->model, outer->relative_times, query, outer};
  return walk_query(query, check_node, &inner, QTW_IGNORE_JOINALIASES);
}

bool check_node(Node* node, const Checked* checked) {
  if (node == nullptr) return false;
  Place place{checked->model->text, node, &checked->model->functions};
  switch (nodeTag(node)) {
    case T_Query:
      return check_level(castNode(Query, node), checked);
    case T_Var:
      check_var(castNode(Var, node), place, checked);
      return false;
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
    case T_Param:
      if (castNode(Param, node)->paramkind == PARAM_EXTERN) {
        refuse_expression(place, "a parameter", "Write the value into the query.");
      }
      return false;
    case T_SQLValueFunction:
      refuse_expression(place, "CURRENT_DATE, CURRENT_USER or a similar value",
                        "A document must change only when its row does.");
    case T_NextValueExpr:
    case T_CurrentOfExpr:
      refuse_expression(place, "a sequence or cursor", "Name columns of the table only.");
    default:
      break;
  }
  check_functions_in_node(node, check_function, &place);
  return walk_expression(node, check_node, checked);
}

// ---- what is read

/// A view's query still names the view in its range table, but not in its join tree.
struct Named {
  Query* query;
  ModelQuery* model;
};

bool find_tables(Node* node, const Named* named) {
  if (node == nullptr) return false;
  if (!IsA(node, RangeTblRef)) return walk_expression(node, find_tables, named);
  const RangeTblEntry* entry = rt_fetch(castNode(RangeTblRef, node)->rtindex, named->query->rtable);
  if (entry->rtekind == RTE_RELATION) {
    if (entry->tablesample != nullptr) {
      const Place place{named->model->text, nullptr, nullptr};
      refuse_expression(place, "TABLESAMPLE in a view", "Choose rows by a condition in WHERE.");
    }
    named->model->tables = list_append_unique_oid(named->model->tables, entry->relid);
  }
  return false;
}

bool find_relations(Node* node, ModelQuery* model) {
  if (node == nullptr) return false;
  if (!IsA(node, Query)) return walk_expression(node, find_relations, model);
  Query* query = castNode(Query, node);
  const Named named{query, model};
  find_tables(reinterpret_cast<Node*>(query->jointree->fromlist), &named);
  for (RangeTblEntry* entry : each<RangeTblEntry>(query->rtable)) {
    if (entry->rtekind == RTE_RELATION && entry->relkind == RELKIND_VIEW) {
      model->views = list_append_unique_oid(model->views, entry->relid);
    }
  }
  return walk_query(query, find_relations, model, 0);
}

/// The table of a query that is nothing but columns, expressions and conditions over one table.
Oid only_table(const ModelQuery& model) {
  const Query* query = model.query;
  const bool plain = query->setOperations == nullptr && query->cteList == NIL &&
                     !query->hasSubLinks && !query->hasAggs && !query->hasWindowFuncs &&
                     query->groupClause == NIL && query->havingQual == nullptr &&
                     query->distinctClause == NIL;
  if (!plain || model.views != NIL || list_length(query->rtable) != 1) return InvalidOid;
  const RangeTblEntry* entry = linitial_node(RangeTblEntry, query->rtable);
  return entry->rtekind == RTE_RELATION ? entry->relid : InvalidOid;
}

void check_targets(const ModelQuery& model) {
  if (!model.expanded->hasTargetSRFs) return;
  for (TargetEntry* entry : each<TargetEntry>(model.expanded->targetList)) {
    Node* expression = reinterpret_cast<Node*>(entry->expr);
    if (!expression_returns_set(expression)) continue;
    refuse_expression({model.text, expression, nullptr}, "a set-returning function in the output",
                      "Call it in FROM or in a subquery.");
  }
}

}  // namespace

void check_model_query(ModelQuery* model, List* relative_times) {
  find_relations(reinterpret_cast<Node*>(model->expanded), model);
  if (model->tables == NIL) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("the model's query reads no table"),
                    errhint("Documents are rows of tables.")));
  }
  ListCell* cell;
  foreach (cell, model->views) {
    Relation view = table_open(lfirst_oid(cell), AccessShareLock);
    check_view(view);
    table_close(view, NoLock);
  }
  foreach (cell, model->tables) {
    Relation table = table_open(lfirst_oid(cell), AccessShareLock);
    check_source_table(table);
    table_close(table, NoLock);
  }
  const Checked checked{model, relative_times, nullptr, nullptr};
  check_level(model->expanded, &checked);
  check_targets(*model);
  model->table = only_table(*model);
}

}  // namespace daas
