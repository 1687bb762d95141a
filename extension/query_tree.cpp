#include "query_tree.hpp"

extern "C" {
#include "nodes/parsenodes.h"
#include "optimizer/optimizer.h"
}

namespace daas {
namespace {

template <typename Field>
void flatten_field(Query* query, Field** field) {
  *field = reinterpret_cast<Field*>(
      flatten_join_alias_vars(query, reinterpret_cast<Node*>(*field)));
}

bool strip_join(Node* node, const void*) {
  if (node == nullptr) return false;
  if (IsA(node, JoinExpr)) {
    JoinExpr* join = castNode(JoinExpr, node);
    join->usingClause = NIL;
    join->join_using_alias = nullptr;
    join->alias = nullptr;
  }
  return walk_expression(node, strip_join, static_cast<const void*>(nullptr));
}

}  // namespace

void flatten_joins(Query* query) {
  bool joined = false;
  for (RangeTblEntry* entry : each<RangeTblEntry>(query->rtable)) {
    joined = joined || entry->rtekind == RTE_JOIN;
  }
  if (!joined) return;
  flatten_field(query, &query->targetList);
  flatten_field(query, &query->havingQual);
  flatten_field(query, &query->jointree);
  for (RangeTblEntry* entry : each<RangeTblEntry>(query->rtable)) {
    switch (entry->rtekind) {
      case RTE_SUBQUERY:
        flatten_field(query, &entry->subquery);
        break;
      case RTE_FUNCTION:
        flatten_field(query, &entry->functions);
        break;
      case RTE_VALUES:
        flatten_field(query, &entry->values_lists);
        break;
      case RTE_TABLEFUNC:
        flatten_field(query, &entry->tablefunc);
        break;
      default:
        break;
    }
  }
}

bool without_merged_columns(Node* node, const void*) {
  if (node == nullptr) return false;
  if (!IsA(node, Query)) {
    return walk_expression(node, without_merged_columns, static_cast<const void*>(nullptr));
  }
  Query* query = castNode(Query, node);
  flatten_joins(query);
  strip_join(reinterpret_cast<Node*>(query->jointree), nullptr);
  for (RangeTblEntry* entry : each<RangeTblEntry>(query->rtable)) {
    if (entry->rtekind != RTE_JOIN) continue;
    entry->alias = nullptr;
    entry->join_using_alias = nullptr;
  }
  return walk_query(query, without_merged_columns, static_cast<const void*>(nullptr),
                    QTW_IGNORE_JOINALIASES);
}

}  // namespace daas
