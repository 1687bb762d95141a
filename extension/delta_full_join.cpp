// Keys that a FULL JOIN merges: coalesce(l.k, r.k), where the join sets l.k = r.k. Every document has the
// key of whichever side is there, so a changed row has the key of its own side.
#include "delta_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
}

namespace daas {
namespace {

/// Whether the join's condition has l.k = r.k.
bool sets_equal(const JoinNode* join, const Var* left, const Var* right) {
  for (Node* conjunct : each<Node>(join->conjuncts)) {
    if (!IsA(conjunct, OpExpr) || list_length(castNode(OpExpr, conjunct)->args) != 2) continue;
    GlobalExpression global = globalize(conjunct, join->level);
    if (!global.usable) continue;
    OpExpr* operation = castNode(OpExpr, global.expression);
    Node* one = static_cast<Node*>(linitial(operation->args));
    Node* other = static_cast<Node*>(lsecond(operation->args));
    if (!op_mergejoinable(operation->opno, exprType(one))) continue;
    if ((equal(one, left) && equal(other, right)) || (equal(one, right) && equal(other, left))) {
      return true;
    }
  }
  return false;
}

bool merges(const JoinNode* join, const DeltaTree* tree, const Var* left, const Var* right) {
  return join->kind == JoinNodeKind::kJoin && join->join_type == JOIN_FULL &&
         is_under(reference_at(tree, left->varno)->leaf, static_cast<JoinNode*>(linitial(join->children))) &&
         is_under(reference_at(tree, right->varno)->leaf, static_cast<JoinNode*>(lsecond(join->children))) &&
         sets_equal(join, left, right);
}

}  // namespace

bool find_merged_column(const DeltaTree* tree, Node* expression, MergedColumn* merged) {
  if (!IsA(expression, CoalesceExpr)) return false;
  List* sides = castNode(CoalesceExpr, expression)->args;
  if (list_length(sides) != 2 || !IsA(linitial(sides), Var) || !IsA(lsecond(sides), Var)) return false;
  Var* one = linitial_node(Var, sides);
  Var* other = lsecond_node(Var, sides);
  if (one->vartype != other->vartype || one->vartypmod != other->vartypmod ||
      one->varcollid != other->varcollid) {
    return false;
  }
  JoinNode* join = reference_at(tree, one->varno)->leaf;
  for (; join != nullptr; join = join->parent) {
    if (merges(join, tree, one, other)) {
      *merged = {join, one, other};
      return true;
    }
    if (merges(join, tree, other, one)) {
      *merged = {join, other, one};
      return true;
    }
  }
  return false;
}

Node* own_side(const DeltaTree* tree, const MergedColumn& merged, int reference) {
  const Reference* changed = reference_at(tree, reference);
  const JoinNode* node = changed->leaf;
  for (const Level* level = changed->level; level != merged.join->level && level != nullptr;
       level = level->parent) {
    node = level->position;
  }
  const bool right = is_under(node, static_cast<JoinNode*>(lsecond(merged.join->children)));
  return reinterpret_cast<Node*>(right ? merged.right : merged.left);
}

}  // namespace daas
