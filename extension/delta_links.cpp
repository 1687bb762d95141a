// Finds what holds for every combination of rows through which a row of a table counts: from the
// table upwards through its level's join tree, and from there through the levels around it.
//
// The condition of an outer join holds for its nullable side only, unless a condition above that
// NULLs can't pass makes the join an inner one ("forces" it). That may free further conditions, so
// the search is repeated until it finds nothing new.
#include "delta_links.hpp"

#include "query_tree.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
}

namespace daas {

void force_join(JoinNode* join, LinkSet* links);

namespace {

bool is_equality(Node* condition) {
  if (!IsA(condition, OpExpr)) return false;
  OpExpr* operation = castNode(OpExpr, condition);
  return list_length(operation->args) == 2 &&
         op_mergejoinable(operation->opno, exprType(static_cast<Node*>(linitial(operation->args))));
}

/// True wherever the condition is not false.
Node* not_false(Node* condition) {
  if (IsA(condition, OpExpr) && op_strict(castNode(OpExpr, condition)->opno)) {
    // As an OR, since its parts may have indexes.
    List* ways = list_make1(condition);
    for (Node* argument : each<Node>(castNode(OpExpr, condition)->args)) {
      NullTest* test = makeNode(NullTest);
      test->arg = reinterpret_cast<Expr*>(argument);
      test->nulltesttype = IS_NULL;
      test->argisrow = false;
      test->location = -1;
      ways = lappend(ways, test);
    }
    return reinterpret_cast<Node*>(makeBoolExpr(OR_EXPR, ways, -1));
  }
  BooleanTest* test = makeNode(BooleanTest);
  test->arg = reinterpret_cast<Expr*>(condition);
  test->booltesttype = IS_NOT_FALSE;
  test->location = -1;
  return reinterpret_cast<Node*>(test);
}

bool is_known(const LinkSet* links, const void* origin) {
  for (Link* link : each<Link>(links->links)) {
    if (link->origin == origin) return true;
  }
  return false;
}

void add_link(LinkSet* links, const void* origin, Node* condition, Bitmapset* references, int cost) {
  Link* link = make_zeroed<Link>();
  link->origin = origin;
  link->condition = reinterpret_cast<Expr*>(condition);
  link->references = references;
  link->cost = cost;
  links->links = lappend(links->links, link);
}

void try_condition(LinkSet* links, const Node* origin, GlobalExpression global, Level* level,
                   JoinNode* position, bool null_counts) {
  Node* condition = global.expression;
  if (!global.usable || contain_volatile_functions(condition) || expression_returns_set(condition)) {
    return;
  }
  const bool equality = !null_counts && is_equality(condition);
  if (null_counts) condition = not_false(condition);
  if (resolve(&condition, level, position, links, true) != Resolved::kYes) return;
  add_link(links, origin, condition, references_of(condition),
           equality ? kEqualityCost : kOtherCost);
}

void hold(JoinNode* node, LinkSet* links) {
  for (Node* conjunct : each<Node>(node->conjuncts)) {
    if (is_known(links, conjunct)) continue;
    try_condition(links, conjunct, globalize(conjunct, node->level), node->level, node, false);
  }
}

/// A function in FROM has a row where what its arguments read has one.
void hold_arguments(JoinNode* leaf, LinkSet* links) {
  const Reference* reference = reference_at(links->tree, leaf->reference);
  if (is_known(links, reference->entry)) return;
  GlobalExpression global = globalize(reinterpret_cast<Node*>(arguments_of(reference)), leaf->level);
  if (!global.usable) return;
  Node* arguments = global.expression;
  if (resolve(&arguments, leaf->level, leaf, links, false) != Resolved::kYes) return;
  add_link(links, reference->entry, nullptr,
           bms_add_member(references_of(arguments), leaf->reference), kArgumentCost);
}

/// A row of this part of the join tree counts: what must be true of it, and which parts of it too.
void hold_below(JoinNode* node, LinkSet* links) {
  switch (node->kind) {
    case JoinNodeKind::kFrom:
      hold(node, links);
      for (JoinNode* child : each<JoinNode>(node->children)) hold_below(child, links);
      break;
    case JoinNodeKind::kJoin: {
      JoinNode* left = static_cast<JoinNode*>(linitial(node->children));
      JoinNode* right = static_cast<JoinNode*>(lsecond(node->children));
      if (node->join_type == JOIN_INNER || list_member_ptr(links->forced, node)) {
        hold(node, links);
        hold_below(left, links);
        hold_below(right, links);
      } else if (node->join_type == JOIN_LEFT) {
        hold_below(left, links);
      } else if (node->join_type == JOIN_RIGHT) {
        hold_below(right, links);
      }
      break;
    }
    case JoinNodeKind::kLeaf: {
      const Reference* reference = reference_at(links->tree, node->reference);
      // The row of an aggregation without GROUP BY is there even when no row below it is.
      if (reference->sublevel != nullptr && !is_plain_aggregate(reference->sublevel->query) &&
          reference->sublevel->query->setOperations == nullptr) {
        hold_below(reference->sublevel->root, links);
      }
      if (reference->computed) hold_arguments(node, links);
      break;
    }
  }
}

/// A row of `node` counts: what that needs of the join tree above and beside it.
void hold_above(JoinNode* node, LinkSet* links) {
  for (JoinNode* parent = node->parent; parent != nullptr; node = parent, parent = parent->parent) {
    const bool left = node == linitial(parent->children);
    if (parent->kind == JoinNodeKind::kJoin && parent->join_type != JOIN_INNER &&
        !list_member_ptr(links->forced, parent) && !(parent->join_type == JOIN_LEFT && !left) &&
        !(parent->join_type == JOIN_RIGHT && left)) {
      continue;  // it counts without a partner, too
    }
    hold(parent, links);
    for (JoinNode* child : each<JoinNode>(parent->children)) {
      if (child != node) hold_below(child, links);
    }
  }
}

/// A row of the sublink's level counts: what that needs of the level around it.
void hold_around(Level* level, LinkSet* links) {
  for (Node* conjunct : each<Node>(level->test)) {
    if (is_known(links, conjunct)) continue;
    try_condition(links, conjunct, globalize_test(conjunct, level), level->parent, level->position,
                  level->null_test_counts);
  }
  JoinNode* position = level->position;
  if (level->without_rows || position->kind == JoinNodeKind::kLeaf ||
      (position->kind == JoinNodeKind::kJoin && position->join_type == JOIN_FULL)) {
    return;
  }
  hold(position, links);
  for (JoinNode* child : each<JoinNode>(position->children)) hold_below(child, links);
}

}  // namespace

List* arguments_of(const Reference* reference) {
  const RangeTblEntry* entry = reference->entry;
  return list_make3(entry->functions, entry->values_lists, entry->tablefunc);
}

void force_join(JoinNode* join, LinkSet* links) {
  if (list_member_ptr(links->forced, join)) return;
  links->forced = lappend(links->forced, join);
  hold(join, links);
  for (JoinNode* child : each<JoinNode>(join->children)) hold_below(child, links);
}

LinkSet* find_links(const DeltaTree* tree, int number) {
  LinkSet* links = make_zeroed<LinkSet>();
  links->tree = tree;
  links->table = number;
  const Reference* reference = reference_at(tree, number);
  int known_links;
  int known_forced;
  do {
    known_links = list_length(links->links);
    known_forced = list_length(links->forced);
    hold_below(reference->leaf, links);
    JoinNode* node = reference->leaf;
    for (Level* level = reference->level;; level = level->parent) {
      hold_above(node, links);
      if (level->parent == nullptr) break;
      if (level->kind == LevelKind::kSublink) hold_around(level, links);
      node = level->position;
    }
  } while (list_length(links->links) != known_links || list_length(links->forced) != known_forced);
  return links;
}

LinkSet* find_row_conditions(const DeltaTree* tree, Level* level) {
  LinkSet* links = make_zeroed<LinkSet>();
  links->tree = tree;
  int known;
  do {
    known = list_length(links->links) + list_length(links->forced);
    hold_below(level->root, links);
  } while (list_length(links->links) + list_length(links->forced) != known);
  return links;
}

}  // namespace daas
