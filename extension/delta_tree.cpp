// Builds the tree: inlines CTEs, sees through the alias variables of joins, numbers references.
#include "delta_tree.hpp"

#include <cstring>
#include <initializer_list>

#include "query_tree.hpp"

extern "C" {
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteManip.h"
#include "utils/builtins.h"
}

namespace daas {
namespace {

Level* build_level(DeltaTree* tree, Query* query, LevelKind kind, Level* parent, JoinNode* position,
                   int stands_as, const char* path);

int add_reference(DeltaTree* tree, Level* level, RangeTblEntry* entry) {
  Reference* reference = make_zeroed<Reference>();
  reference->level = level;
  reference->entry = entry;
  tree->references = lappend(tree->references, reference);
  return list_length(tree->references) - 1;
}

// ---- sublinks

struct SublinkSearch {
  DeltaTree* tree;
  Level* level;
  JoinNode* position;
  Node* conjunct;     ///< the whole expression when it is a conjunct of WHERE or ON
  bool without_rows;  ///< see Level
};

const char* sublink_name(SubLinkType type) {
  switch (type) {
    case EXISTS_SUBLINK:
      return "EXISTS";
    case ANY_SUBLINK:
      return "IN";
    case ALL_SUBLINK:
      return "ALL";
    case ARRAY_SUBLINK:
      return "ARRAY";
    default:
      return "subquery";
  }
}

bool build_sublinks(Node* node, SublinkSearch* search) {
  if (node == nullptr || IsA(node, Query)) return false;
  if (IsA(node, Aggref) && search->without_rows) {
    // Its arguments are evaluated for rows.
    SublinkSearch inside = *search;
    inside.without_rows = false;
    return walk_expression(node, build_sublinks, &inside);
  }
  if (!IsA(node, SubLink)) return walk_expression(node, build_sublinks, search);
  SubLink* sublink = castNode(SubLink, node);
  DeltaTree* tree = search->tree;
  const int number = add_reference(tree, search->level, nullptr);
  const char* path = psprintf("%s%s %d.", search->level->path,
                              sublink_name(sublink->subLinkType), ++tree->subqueries);
  Level* level = build_level(tree, castNode(Query, sublink->subselect), LevelKind::kSublink,
                             search->level, search->position, number, path);
  level->without_rows = search->without_rows;
  if (sublink->subLinkType == ANY_SUBLINK) {
    // As a conjunct, IN counts only when it is true. Anywhere else, also below NOT, the difference
    // between false and NULL counts, which a NULL on either side makes.
    level->null_test_counts = node != search->conjunct;
    // A comparison of rows that is not false has no column that is.
    level->test = conjuncts_of(sublink->testexpr);
  }
  return build_sublinks(sublink->testexpr, search);
}

void build_sublinks_of(DeltaTree* tree, Level* level, JoinNode* position, Node* expression,
                       bool conjunct, bool output) {
  SublinkSearch search{tree, level, position, conjunct ? expression : nullptr,
                       output && is_plain_aggregate(level->query)};
  build_sublinks(expression, &search);
}

// ---- join tree

JoinNode* build_joins(DeltaTree* tree, Node* node, JoinNode* parent, Level* level) {
  check_stack_depth();
  JoinNode* built = make_zeroed<JoinNode>();
  built->parent = parent;
  built->level = level;
  if (IsA(node, RangeTblRef)) {
    built->kind = JoinNodeKind::kLeaf;
    built->reference = level->offset + castNode(RangeTblRef, node)->rtindex;
    reference_at(tree, built->reference)->leaf = built;
  } else if (IsA(node, FromExpr)) {
    FromExpr* from = castNode(FromExpr, node);
    built->kind = JoinNodeKind::kFrom;
    for (Node* item : each<Node>(from->fromlist)) {
      built->children = lappend(built->children, build_joins(tree, item, built, level));
    }
    built->conjuncts = conjuncts_of(from->quals);
  } else {
    JoinExpr* join = castNode(JoinExpr, node);
    built->kind = JoinNodeKind::kJoin;
    built->join_type = join->jointype;
    built->children = list_make1(build_joins(tree, join->larg, built, level));
    built->children = lappend(built->children, build_joins(tree, join->rarg, built, level));
    built->conjuncts = conjuncts_of(join->quals);
  }
  return built;
}

// ---- FULL joins that are none

/// Range table indexes of the leaves below.
Bitmapset* leaves_of(const JoinNode* node) {
  if (node->kind == JoinNodeKind::kLeaf) {
    return bms_make_singleton(node->reference - node->level->offset);
  }
  Bitmapset* leaves = nullptr;
  for (JoinNode* child : each<JoinNode>(node->children)) {
    leaves = bms_add_members(leaves, leaves_of(child));
  }
  return leaves;
}

/// Where a condition above is false for the NULLs of one side, a FULL join gives no such rows.
/// `required`: range table indexes that must not be NULL-extended.
void reduce_full_joins(JoinNode* node, Bitmapset* required) {
  if (node->kind == JoinNodeKind::kLeaf) return;
  if (node->kind == JoinNodeKind::kJoin && node->join_type == JOIN_FULL) {
    const bool left = bms_overlap(leaves_of(static_cast<JoinNode*>(linitial(node->children))), required);
    const bool right = bms_overlap(leaves_of(static_cast<JoinNode*>(lsecond(node->children))), required);
    if (!left && !right) return;
    node->join_type = left && right ? JOIN_INNER : left ? JOIN_LEFT : JOIN_RIGHT;
  }
  if (node->kind == JoinNodeKind::kFrom || node->join_type == JOIN_INNER) {
    for (Node* conjunct : each<Node>(node->conjuncts)) {
      Node* copy = static_cast<Node*>(copyObjectImpl(conjunct));
      fix_opfuncids(copy);
      required = bms_union(required, find_nonnullable_rels(copy));
    }
  }
  for (JoinNode* child : each<JoinNode>(node->children)) reduce_full_joins(child, required);
}

void build_leaf(DeltaTree* tree, JoinNode* leaf) {
  Level* level = leaf->level;
  Reference* reference = reference_at(tree, leaf->reference);
  RangeTblEntry* entry = reference->entry;
  switch (entry->rtekind) {
    case RTE_RELATION:
      reference->base = true;
      break;
    case RTE_SUBQUERY:
      reference->sublevel =
          build_level(tree, entry->subquery, LevelKind::kFromSubquery, level, leaf,
                      leaf->reference, psprintf("%s%s.", level->path, entry->eref->aliasname));
      break;
    default:
      reference->computed = true;
      build_sublinks_of(tree, level, leaf, reinterpret_cast<Node*>(entry->functions), false, false);
      build_sublinks_of(tree, level, leaf, reinterpret_cast<Node*>(entry->values_lists), false,
                        false);
      build_sublinks_of(tree, level, leaf, reinterpret_cast<Node*>(entry->tablefunc), false, false);
      break;
  }
}

void build_below(DeltaTree* tree, JoinNode* node) {
  for (JoinNode* child : each<JoinNode>(node->children)) build_below(tree, child);
  for (Node* conjunct : each<Node>(node->conjuncts)) {
    build_sublinks_of(tree, node->level, node, conjunct, true, false);
  }
  if (node->kind == JoinNodeKind::kLeaf) build_leaf(tree, node);
}

void build_arms(DeltaTree* tree, Node* node, Level* level) {
  check_stack_depth();
  if (IsA(node, SetOperationStmt)) {
    build_arms(tree, castNode(SetOperationStmt, node)->larg, level);
    build_arms(tree, castNode(SetOperationStmt, node)->rarg, level);
    return;
  }
  const int number = level->offset + castNode(RangeTblRef, node)->rtindex;
  Reference* reference = reference_at(tree, number);
  reference->sublevel =
      build_level(tree, reference->entry->subquery, LevelKind::kSetOperationArm, level, level->root,
                  number, psprintf("%sarm %d.", level->path, castNode(RangeTblRef, node)->rtindex));
}

// ---- query

struct CteUse {
  const char* name;
  int levels_up;
  Query* query;
};

/// Puts a CTE's query where the CTE is named, as the planner does with those used once.
bool inline_cte(Node* node, CteUse* use) {
  if (node == nullptr) return false;
  if (IsA(node, Query)) {
    ++use->levels_up;
    walk_query(castNode(Query, node), inline_cte, use, QTW_EXAMINE_RTES_AFTER);
    --use->levels_up;
    return false;
  }
  if (!IsA(node, RangeTblEntry)) return walk_expression(node, inline_cte, use);
  RangeTblEntry* entry = castNode(RangeTblEntry, node);
  if (entry->rtekind != RTE_CTE || std::strcmp(entry->ctename, use->name) != 0 ||
      static_cast<int>(entry->ctelevelsup) != use->levels_up) {
    return false;
  }
  Query* copy = copyObject(use->query);
  if (use->levels_up > 0) {
    IncrementVarSublevelsUp(reinterpret_cast<Node*>(copy), use->levels_up, 1);
  }
  entry->rtekind = RTE_SUBQUERY;
  entry->subquery = copy;
  entry->security_barrier = false;
  entry->ctename = nullptr;
  entry->self_reference = false;
  entry->coltypes = entry->coltypmods = entry->colcollations = NIL;
  return false;
}

void inline_ctes(Query* query) {
  for (CommonTableExpr* cte : each<CommonTableExpr>(query->cteList)) {
    CteUse use{cte->ctename, -1, castNode(Query, cte->ctequery)};
    inline_cte(reinterpret_cast<Node*>(query), &use);
  }
  query->cteList = NIL;
}

Level* build_level(DeltaTree* tree, Query* query, LevelKind kind, Level* parent, JoinNode* position,
                   int stands_as, const char* path) {
  check_stack_depth();
  Level* level = make_zeroed<Level>();
  level->kind = kind;
  level->query = query;
  level->parent = parent;
  level->position = position;
  level->stands_as = stands_as;
  level->path = path;
  if (stands_as > 0) reference_at(tree, stands_as)->sublevel = level;
  inline_ctes(query);
  flatten_joins(query);
  level->offset = list_length(tree->references) - 1;
  for (RangeTblEntry* entry : each<RangeTblEntry>(query->rtable)) {
    add_reference(tree, level, entry);
  }
  level->root = build_joins(tree, reinterpret_cast<Node*>(query->jointree), nullptr, level);
  reduce_full_joins(level->root, nullptr);
  if (query->setOperations != nullptr) build_arms(tree, query->setOperations, level);
  build_below(tree, level->root);
  for (Node* expression : {reinterpret_cast<Node*>(query->targetList), query->havingQual,
                           query->limitCount, query->limitOffset}) {
    build_sublinks_of(tree, level, level->root, expression, false, true);
  }
  return level;
}

}  // namespace

DeltaTree* build_delta_tree(Query* query) {
  DeltaTree* tree = make_zeroed<DeltaTree>();
  add_reference(tree, nullptr, nullptr);
  tree->top = build_level(tree, query, LevelKind::kTop, nullptr, nullptr, 0, "");
  return tree;
}

Reference* reference_at(const DeltaTree* tree, int number) {
  return static_cast<Reference*>(list_nth(tree->references, number));
}

int reference_count(const DeltaTree* tree) {
  return list_length(tree->references);
}

const char* reference_name(const Reference* reference) {
  return psprintf("%s%s", reference->level->path, reference->entry->eref->aliasname);
}

bool level_contains(const DeltaTree* tree, const Level* level, int reference) {
  for (Level* each = reference_at(tree, reference)->level; each != nullptr; each = each->parent) {
    if (each == level) return true;
  }
  return false;
}

bool is_under(const JoinNode* node, const JoinNode* ancestor) {
  for (; node != nullptr; node = node->parent) {
    if (node == ancestor) return true;
  }
  return false;
}

Level* arm_with(const DeltaTree* tree, const Level* set_operation, int reference) {
  for (Level* each = reference_at(tree, reference)->level; each != nullptr; each = each->parent) {
    if (each->kind == LevelKind::kSetOperationArm && each->parent == set_operation) return each;
  }
  return nullptr;
}

bool is_plain_aggregate(const Query* query) {
  return (query->hasAggs || query->havingQual != nullptr) && query->groupClause == NIL;
}

}  // namespace daas
