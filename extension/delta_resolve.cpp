// Resolution of expressions through subqueries and outer joins.
#include "delta_links.hpp"
#include "query_tree.hpp"

extern "C" {
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parse_clause.h"
#include "parser/parse_coerce.h"
#include "parser/parsetree.h"
}

namespace daas {

void force_join(JoinNode* join, LinkSet* links);  // delta_links.cpp

namespace {

// ---- subqueries

struct Expansion {
  const LinkSet* links;
  Resolved answer;
  bool changed;
};

Node* expanded_column(Var* var, Level* level, Expansion* expansion) {
  const DeltaTree* tree = expansion->links->tree;
  const int table = expansion->links->table;
  Node* const given_up = reinterpret_cast<Node*>(var);
  const bool inside = table > 0 && level_contains(tree, level, table);
  if (var->varattno <= 0) {
    expansion->answer = Resolved::kComputed;
    return given_up;
  }
  if (inside && !can_push_below(level, var->varattno)) {
    expansion->answer = Resolved::kNotPushed;
    return given_up;
  }
  // A row of one arm is a row of the whole, by the columns' positions.
  while (level->query->setOperations != nullptr) {
    Level* arm = table > 0 ? arm_with(tree, level, table) : nullptr;
    if (arm == nullptr || !can_push_below(arm, var->varattno)) {
      expansion->answer = arm == nullptr ? Resolved::kComputed : Resolved::kNotPushed;
      return given_up;
    }
    level = arm;
  }
  TargetEntry* entry = get_tle_by_resno(level->query->targetList, var->varattno);
  GlobalExpression global = globalize(reinterpret_cast<Node*>(entry->expr), level);
  Node* column = global.expression;
  if (!global.usable || expression_returns_set(column)) {
    expansion->answer = Resolved::kComputed;
    return given_up;
  }
  if (exprType(column) != var->vartype) {
    column = coerce_to_target_type(nullptr, column, exprType(column), var->vartype, -1,
                                   COERCION_EXPLICIT, COERCE_EXPLICIT_CAST, -1);
    if (column == nullptr) {
      expansion->answer = Resolved::kComputed;
      return given_up;
    }
    fix_opfuncids(column);
  }
  expansion->changed = true;
  return column;
}

/// One level down, for every column of a subquery.
Node* expand(Node* node, Expansion* expansion) {
  if (node == nullptr) return nullptr;
  if (!IsA(node, Var)) return mutate_expression(node, expand, expansion);
  Var* var = castNode(Var, node);
  Level* level = reference_at(expansion->links->tree, var->varno)->sublevel;
  return level == nullptr ? node : expanded_column(var, level, expansion);
}

// ---- outer joins

/// The outer joins that may have replaced the reference's row by NULLs before `position` sees it.
List* nulling_joins(const Reference* reference, const JoinNode* position, const LinkSet* links) {
  List* joins = NIL;
  const JoinNode* child = reference->leaf;
  if (child == nullptr) return NIL;  // sublinks and arms are in no join tree
  for (JoinNode* join = child->parent; join != nullptr; child = join, join = join->parent) {
    if (join->kind != JoinNodeKind::kJoin || is_under(position, join)) continue;
    if (nulls_child(join, child) && !list_member_ptr(links->forced, join)) {
      joins = lappend(joins, join);
    }
  }
  return joins;
}

/// Where in the join tree of `target`, which is `level` or one around it, the expression stands.
const JoinNode* position_in(const Level* target, const Level* level, const JoinNode* position) {
  for (; level != nullptr && level != target; level = level->parent) position = level->position;
  return level == nullptr ? nullptr : position;
}

/// Whether no outer join stands between the references and the expression; or, with `force`, whether
/// the expression can't be true where one made NULLs. Adds to `forced` the joins that it rules out.
bool survives_nulls(Node* expression, Level* level, JoinNode* position, const LinkSet* links,
                    bool force, Bitmapset** seen, List** forced) {
  Bitmapset* strict = nullptr;
  bool strict_known = false;
  Bitmapset* references = references_of(expression);
  for (int number = -1; (number = bms_next_member(references, number)) >= 0;) {
    if (bms_is_member(number, *seen)) continue;
    *seen = bms_add_member(*seen, number);
    const Reference* reference = reference_at(links->tree, number);
    List* joins = nulling_joins(reference, position_in(reference->level, level, position), links);
    if (joins == NIL) continue;
    if (!force) return false;
    for (JoinNode* join : each<JoinNode>(joins)) {
      if (join->join_type == JOIN_FULL) return false;
    }
    if (!strict_known) strict = find_nonnullable_rels(expression);
    strict_known = true;
    if (!bms_is_member(number, strict)) return false;
    *forced = list_concat(*forced, joins);
  }
  return true;
}

}  // namespace

bool nulls_child(const JoinNode* join, const JoinNode* child) {
  const bool left = child == linitial(join->children);
  return join->join_type == JOIN_FULL || (join->join_type == JOIN_LEFT && !left) ||
         (join->join_type == JOIN_RIGHT && left);
}

bool can_push_below(const Level* level, int column) {
  Query* query = level->query;
  if (query->limitCount != nullptr || query->limitOffset != nullptr) return false;
  TargetEntry* entry = get_tle_by_resno(query->targetList, column);
  if (expression_returns_set(reinterpret_cast<Node*>(entry->expr))) return false;
  if (query->hasWindowFuncs) {
    for (WindowClause* window : each<WindowClause>(query->windowClause)) {
      if (!targetIsInSortList(entry, InvalidOid, window->partitionClause)) return false;
    }
  }
  return !query->hasDistinctOn || targetIsInSortList(entry, InvalidOid, query->distinctClause);
}

Resolved resolve(Node** expression, Level* level, JoinNode* position, LinkSet* links, bool force) {
  Bitmapset* seen = nullptr;
  List* forced = NIL;
  Node* resolved = *expression;
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    if (!survives_nulls(resolved, level, position, links, force, &seen, &forced)) {
      return Resolved::kNullable;
    }
    Expansion expansion{links, Resolved::kYes, false};
    resolved = expand(resolved, &expansion);
    if (expansion.answer != Resolved::kYes) return expansion.answer;
    if (!expansion.changed) break;
  }
  for (JoinNode* join : each<JoinNode>(forced)) force_join(join, links);
  *expression = resolved;
  return Resolved::kYes;
}

}  // namespace daas
