// Expressions of the tree in global form.
#include "delta_tree.hpp"
#include "query_tree.hpp"

extern "C" {
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
}

namespace daas {
namespace {

struct Globalization {
  Level* level;
  bool test;  ///< Vars are the parent's, Params the level's own output
  bool usable;
};

Node* global_form(Node* node, Globalization* work) {
  if (node == nullptr) return nullptr;
  if (IsA(node, Var)) {
    Var* var = castNode(Var, copyObject(node));
    Level* level = work->test ? work->level->parent : work->level;
    for (Index up = 0; up < var->varlevelsup; ++up) level = level->parent;
    var->varno += level->offset;
    var->varlevelsup = 0;
    var->varnosyn = 0;
    var->varattnosyn = 0;
    return reinterpret_cast<Node*>(var);
  }
  if (IsA(node, Param) && work->test) {
    Param* param = castNode(Param, node);
    return reinterpret_cast<Node*>(makeVar(work->level->stands_as, param->paramid, param->paramtype,
                                           param->paramtypmod, param->paramcollid, 0));
  }
  if (IsA(node, SubLink) || IsA(node, Aggref) || IsA(node, WindowFunc) || IsA(node, GroupingFunc)) {
    work->usable = false;
    return node;
  }
  return mutate_expression(node, global_form, work);
}

GlobalExpression globalized(const Node* expression, Level* level, bool test) {
  Node* copy = static_cast<Node*>(copyObjectImpl(expression));
  // The tests for strictness below look at the functions behind operators.
  fix_opfuncids(copy);
  Globalization work{level, test, true};
  copy = global_form(copy, &work);
  return {copy, work.usable};
}

bool find_references(Node* node, Bitmapset** found) {
  if (node == nullptr) return false;
  if (IsA(node, Var)) {
    *found = bms_add_member(*found, castNode(Var, node)->varno);
    return false;
  }
  return walk_expression(node, find_references, found);
}

List* flatten_ands(Node* node, List* conjuncts) {
  if (node == nullptr) return conjuncts;
  if (IsA(node, List)) {
    for (Node* item : each<Node>(castNode(List, node))) conjuncts = flatten_ands(item, conjuncts);
    return conjuncts;
  }
  if (is_andclause(node)) {
    for (Node* argument : each<Node>(castNode(BoolExpr, node)->args)) {
      conjuncts = flatten_ands(argument, conjuncts);
    }
    return conjuncts;
  }
  return lappend(conjuncts, node);
}

}  // namespace

List* conjuncts_of(Node* condition) {
  if (condition == nullptr) return NIL;
  fix_opfuncids(condition);
  // Pulls what all arms of an OR have in common out of it.
  Expr* canonical = canonicalize_qual(reinterpret_cast<Expr*>(copyObject(condition)), false);
  return flatten_ands(reinterpret_cast<Node*>(canonical), NIL);
}

GlobalExpression globalize(const Node* expression, Level* level) {
  return globalized(expression, level, false);
}

GlobalExpression globalize_test(const Node* conjunct, Level* level) {
  return globalized(conjunct, level, true);
}

Bitmapset* references_of(const Node* expression) {
  Bitmapset* found = nullptr;
  find_references(const_cast<Node*>(expression), &found);
  return found;
}

}  // namespace daas
