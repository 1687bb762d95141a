// Which indexes the way from changed rows to keys, and back from keys to documents, would need: by the
// equalities on it, and the catalogs alone. What the planner makes of them is its own affair.
#include "delta_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace daas {
namespace {

/// The attribute of `reference` that an index on it could look up: `own` = something over `known`.
AttrNumber looked_up(Node* own, Node* other, int reference, const Bitmapset* known) {
  own = without_relabel(own);
  if (!IsA(own, Var) || static_cast<int>(castNode(Var, own)->varno) != reference) return 0;
  return bms_is_subset(references_of(other), known) ? castNode(Var, own)->varattno : 0;
}

/// Attributes of the reference that the link sets equal to something over `known`.
List* equal_columns(const Link* link, int reference, const Bitmapset* known, List* columns) {
  Node* condition = reinterpret_cast<Node*>(link->condition);
  AttrNumber found[2] = {0, 0};
  if (condition != nullptr && IsA(condition, ScalarArrayOpExpr)) {
    // x = ANY (array) looks up x; nothing looks up the array's elements.
    ScalarArrayOpExpr* any = castNode(ScalarArrayOpExpr, condition);
    Node* element = static_cast<Node*>(linitial(any->args));
    if (any->useOr && op_mergejoinable(any->opno, exprType(element))) {
      found[0] = looked_up(element, static_cast<Node*>(lsecond(any->args)), reference, known);
    }
  } else if (link->cost == kEqualityCost) {
    List* sides = castNode(OpExpr, condition)->args;
    Node* left = static_cast<Node*>(linitial(sides));
    Node* right = static_cast<Node*>(lsecond(sides));
    found[0] = looked_up(left, right, reference, known);
    found[1] = looked_up(right, left, reference, known);
  }
  for (AttrNumber attribute : found) {
    if (attribute > 0) columns = list_append_unique_int(columns, attribute);
  }
  return columns;
}

bool can_find_by(Relation index, List* columns) {
  const Form_pg_index form = index->rd_index;
  const Oid method = index->rd_rel->relam;
  return form->indisvalid && list_member_int(columns, form->indkey.values[0]) &&
         (method == BTREE_AM_OID || method == HASH_AM_OID) &&
         heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, nullptr);
}

bool has_index(Oid relation, List* columns) {
  Relation table = table_open(relation, AccessShareLock);
  const bool found =
      any_index(table, [columns](Relation index) { return can_find_by(index, columns); });
  table_close(table, NoLock);
  return found;
}

MissingIndex* missing_index(const DeltaTree* tree, int reference, List* columns) {
  const Oid relation = reference_at(tree, reference)->entry->relid;
  if (columns == NIL || has_index(relation, columns)) return nullptr;
  MissingIndex* missing = make_zeroed<MissingIndex>();
  missing->table = relation;
  missing->columns = columns;
  return missing;
}

/// The next reference of the path that the known ones lead to, rather by an equality; 0: none.
int next_reference(const DeltaTree* tree, const Path& path, const Bitmapset* known, List** columns) {
  int found = 0;
  for (int number = -1; (number = bms_next_member(path.references, number)) >= 0;) {
    if (bms_is_member(number, known)) continue;
    const bool computed = reference_at(tree, number)->computed;
    List* own = NIL;
    bool linked = false;
    for (Link* link : each<Link>(path.links)) {
      own = equal_columns(link, number, known, own);
      linked = linked || (bms_is_member(number, link->references) &&
                          bms_is_subset(link->references,
                                        bms_add_member(bms_copy(known), number)));
    }
    if (!linked || (found != 0 && own == NIL && !computed)) continue;
    found = number;
    *columns = own;
    if (own != NIL || computed) return found;
  }
  return found;
}

}  // namespace

PathIndexes find_missing_indexes(const DeltaTree* tree, int reference, const Path& path) {
  PathIndexes indexes = {};
  Bitmapset* known = bms_make_singleton(reference);
  while (!bms_is_subset(path.references, known)) {
    List* columns = NIL;
    const int next = next_reference(tree, path, known, &columns);
    if (next == 0) {
      indexes.scans = true;
      break;
    }
    known = bms_add_member(known, next);
    if (!reference_at(tree, next)->base) continue;
    indexes.scans = indexes.scans || columns == NIL;
    MissingIndex* missing = missing_index(tree, next, columns);
    if (missing != nullptr) indexes.missing = lappend(indexes.missing, missing);
  }
  List* columns = NIL;
  Bitmapset* others = bms_difference(path.references, bms_make_singleton(reference));
  for (Link* link : each<Link>(path.links)) {
    columns = equal_columns(link, reference, others, columns);
  }
  indexes.back = missing_index(tree, reference, columns);
  indexes.scans_back = columns == NIL && !bms_is_empty(others);
  return indexes;
}

MissingIndex* missing_key_index(const DeltaTree* tree, const KeyRoot* root) {
  List* columns = NIL;
  for (Node* expression : each<Node>(root->expressions)) {
    if (!IsA(expression, Var)) continue;
    columns = list_append_unique_int(columns, castNode(Var, expression)->varattno);
  }
  return missing_index(tree, root->anchor, columns);
}

}  // namespace daas
