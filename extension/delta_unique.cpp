// Whether a key names one document: whether fixing its columns leaves at most one row of every table
// in FROM, by unique indexes and equalities, by GROUP BY or by DISTINCT.
#include "delta_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_index.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace daas {
namespace {

/// What has one value when the key has.
struct Fixed {
  const DeltaTree* tree;
  List* expressions;  ///< global
  Bitmapset* rows;    ///< references with at most one row left
};

/// A column of a reference that is fixed, and by which comparison.
struct FixedColumn {
  AttrNumber attribute;
  Oid equality;  ///< 0: it is a value of the key itself
  Oid collation;
};

bool has_one_row(Fixed* fixed, Level* level, List* columns);

bool reads_open(Node* node, const Fixed* fixed) {
  if (node == nullptr || list_member(fixed->expressions, node)) return false;
  if (!IsA(node, Var)) return walk_expression(node, reads_open, fixed);
  const Var* var = castNode(Var, node);
  if (bms_is_member(var->varno, fixed->rows)) return false;
  // One row of the subquery is not needed where its column is of a table with one.
  const Level* level = reference_at(fixed->tree, var->varno)->sublevel;
  if (level == nullptr || level->query->setOperations != nullptr || var->varattno <= 0) return true;
  TargetEntry* entry = get_tle_by_resno(level->query->targetList, var->varattno);
  GlobalExpression global =
      globalize(reinterpret_cast<Node*>(entry->expr), const_cast<Level*>(level));
  return !global.usable || reads_open(global.expression, fixed);
}

bool is_fixed(Node* expression, const Fixed& fixed) {
  return !reads_open(expression, &fixed);
}

void add_fixed(List** columns, AttrNumber attribute, Oid equality, Oid collation) {
  FixedColumn* column = make_zeroed<FixedColumn>();
  *column = {attribute, equality, collation};
  *columns = lappend(*columns, column);
}

void add_equalities(List** columns, const JoinNode* node, int reference, const Fixed& fixed) {
  for (Node* conjunct : each<Node>(node->conjuncts)) {
    if (!IsA(conjunct, OpExpr) || list_length(castNode(OpExpr, conjunct)->args) != 2) continue;
    GlobalExpression global = globalize(conjunct, node->level);
    if (!global.usable) continue;
    OpExpr* operation = castNode(OpExpr, global.expression);
    Node* sides[] = {without_relabel(static_cast<Node*>(linitial(operation->args))),
                     without_relabel(static_cast<Node*>(lsecond(operation->args)))};
    for (int side = 0; side < 2; ++side) {
      if (!IsA(sides[side], Var) || castNode(Var, sides[side])->varno != reference) continue;
      if (!is_fixed(sides[1 - side], fixed)) continue;
      add_fixed(columns, castNode(Var, sides[side])->varattno, operation->opno,
                operation->inputcollid);
    }
  }
}

/// The columns of a leaf that are fixed: by the key, or by conditions that its rows must pass.
List* fixed_columns(const JoinNode* leaf, const Fixed& fixed) {
  List* columns = NIL;
  for (Node* expression : each<Node>(fixed.expressions)) {
    if (IsA(expression, Var) && castNode(Var, expression)->varno == leaf->reference) {
      add_fixed(&columns, castNode(Var, expression)->varattno, InvalidOid, InvalidOid);
    }
  }
  const JoinNode* child = leaf;
  for (const JoinNode* node = leaf->parent; node != nullptr; child = node, node = node->parent) {
    const bool left = child == linitial(node->children);
    const bool passed = node->kind == JoinNodeKind::kFrom || node->join_type == JOIN_INNER ||
                        (node->join_type == JOIN_LEFT && !left) ||
                        (node->join_type == JOIN_RIGHT && left);
    if (passed) add_equalities(&columns, node, leaf->reference, fixed);
  }
  return columns;
}

/// Whether equality by the condition is (or implies) equality by the index.
bool serves(const FixedColumn& column, Relation index, int position) {
  if (!OidIsValid(column.equality)) return true;
  if (!list_member_oid(get_mergejoin_opfamilies(column.equality), index->rd_opfamily[position])) {
    return false;
  }
  return !OidIsValid(column.collation) || column.collation == index->rd_indcollation[position] ||
         get_collation_isdeterministic(column.collation);
}

bool index_is_fixed(Relation index, List* columns) {
  for (int i = 0; i < index->rd_index->indnkeyatts; ++i) {
    bool found = false;
    for (FixedColumn* column : each<FixedColumn>(columns)) {
      found = found || (column->attribute == index->rd_index->indkey.values[i] &&
                        serves(*column, index, i));
    }
    if (!found) return false;
  }
  return true;
}

bool table_is_fixed(Oid relation, List* columns) {
  Relation table = table_open(relation, AccessShareLock);
  const bool fixed = any_index(table, [columns](Relation index) {
    return proves_unique(index) && index_is_fixed(index, columns);
  });
  table_close(table, NoLock);
  return fixed;
}

bool leaf_is_fixed(Fixed* fixed, const JoinNode* leaf) {
  const Reference* reference = reference_at(fixed->tree, leaf->reference);
  if (reference->entry->rtekind == RTE_RESULT) return true;
  List* columns = fixed_columns(leaf, *fixed);
  if (reference->base) return table_is_fixed(reference->entry->relid, columns);
  if (reference->sublevel == nullptr) return false;
  List* positions = NIL;
  for (FixedColumn* column : each<FixedColumn>(columns)) {
    if (column->attribute > 0) positions = list_append_unique_int(positions, column->attribute);
  }
  return has_one_row(fixed, reference->sublevel, positions);
}

void find_leaves(JoinNode* node, List** leaves) {
  if (node->kind == JoinNodeKind::kLeaf) *leaves = lappend(*leaves, node);
  for (JoinNode* child : each<JoinNode>(node->children)) find_leaves(child, leaves);
}

/// Whether an outer join may give NULL beside the one value that a row has.
bool is_optional(const Fixed& fixed, Node* expression) {
  Bitmapset* references = references_of(expression);
  for (int number = -1; (number = bms_next_member(references, number)) >= 0;) {
    const JoinNode* child = reference_at(fixed.tree, number)->leaf;
    for (const JoinNode* node = child; node != nullptr; child = node, node = node->parent) {
      if (node->kind == JoinNodeKind::kJoin && nulls_child(node, child)) return true;
    }
  }
  return false;
}

bool clauses_are_fixed(List* clauses, Level* level, List* columns, const Fixed& fixed) {
  for (SortGroupClause* clause : each<SortGroupClause>(clauses)) {
    TargetEntry* entry = get_sortgroupclause_tle(clause, level->query->targetList);
    if (list_member_int(columns, entry->resno)) continue;
    GlobalExpression global = globalize(reinterpret_cast<Node*>(entry->expr), level);
    if (!global.usable || !is_fixed(global.expression, fixed)) return false;
    if (is_optional(fixed, global.expression)) return false;
  }
  return true;
}

/// Both sides of a merged column have the key's value, where they are there.
void fix(Fixed* fixed, Node* expression) {
  fixed->expressions = lappend(fixed->expressions, expression);
  MergedColumn merged;
  if (!find_merged_column(fixed->tree, expression, &merged)) return;
  fixed->expressions = lappend(fixed->expressions, merged.left);
  fixed->expressions = lappend(fixed->expressions, merged.right);
}

/// Rows of one key that a FULL JOIN does not bring together would be two.
bool has_open_full_join(const JoinNode* node, const Fixed& fixed) {
  if (node->kind == JoinNodeKind::kJoin && node->join_type == JOIN_FULL) {
    for (Node* conjunct : each<Node>(node->conjuncts)) {
      GlobalExpression global = globalize(conjunct, node->level);
      if (!global.usable || !IsA(global.expression, OpExpr)) return true;
      for (Node* side : each<Node>(castNode(OpExpr, global.expression)->args)) {
        if (!list_member(fixed.expressions, side)) return true;
      }
    }
  }
  for (JoinNode* child : each<JoinNode>(node->children)) {
    if (has_open_full_join(child, fixed)) return true;
  }
  return false;
}

/// Whether the level has at most one row for each value of the output columns.
bool has_one_row(Fixed* fixed, Level* level, List* columns) {
  check_stack_depth();
  Query* query = level->query;
  if (query->setOperations != nullptr || query->hasTargetSRFs || query->groupingSets != NIL) {
    return false;
  }
  if (is_plain_aggregate(query)) return true;
  ListCell* cell;
  foreach (cell, columns) {
    TargetEntry* entry = get_tle_by_resno(query->targetList, lfirst_int(cell));
    GlobalExpression global = globalize(reinterpret_cast<Node*>(entry->expr), level);
    if (global.usable) fix(fixed, global.expression);
  }
  List* leaves = NIL;
  find_leaves(level->root, &leaves);
  bool all_fixed = false;
  for (bool more = true; more;) {
    more = false;
    all_fixed = true;
    for (JoinNode* leaf : each<JoinNode>(leaves)) {
      if (bms_is_member(leaf->reference, fixed->rows)) continue;
      if (leaf_is_fixed(fixed, leaf)) {
        fixed->rows = bms_add_member(fixed->rows, leaf->reference);
        more = true;
      } else {
        all_fixed = false;
      }
    }
  }
  if (all_fixed && !has_open_full_join(level->root, *fixed)) return true;
  if (query->groupClause != NIL &&
      clauses_are_fixed(query->groupClause, level, columns, *fixed)) {
    return true;
  }
  return query->distinctClause != NIL &&
         clauses_are_fixed(query->distinctClause, level, columns, *fixed);
}

// ---- the default key

/// The tables whose columns the output has, with output positions: List of int lists by reference.
struct Copied {
  int reference;
  AttrNumber attribute;
  int position;
};

List* copied_columns(const DeltaTree* tree) {
  List* copied = NIL;
  for (TargetEntry* entry : each<TargetEntry>(tree->top->query->targetList)) {
    if (entry->resjunk) continue;
    GlobalExpression global = globalize(reinterpret_cast<Node*>(entry->expr), tree->top);
    LinkSet none = {};
    none.tree = tree;
    if (!global.usable ||
        resolve(&global.expression, tree->top, tree->top->root, &none, false) != Resolved::kYes ||
        !IsA(global.expression, Var)) {
      continue;
    }
    Copied* column = make_zeroed<Copied>();
    *column = {static_cast<int>(castNode(Var, global.expression)->varno),
               castNode(Var, global.expression)->varattno, entry->resno};
    copied = lappend(copied, column);
  }
  return copied;
}

/// Output positions of the reference's primary key, or NIL.
List* copied_primary_key(const Reference* reference, int number, List* copied) {
  Relation table = table_open(reference->entry->relid, AccessShareLock);
  List* positions = NIL;
  List* indexes = RelationGetIndexList(table);
  ListCell* cell;
  foreach (cell, indexes) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    Form_pg_index form = index->rd_index;
    for (int i = 0; form->indisprimary && i < form->indnkeyatts; ++i) {
      int position = 0;
      for (Copied* column : each<Copied>(copied)) {
        if (column->reference == number && column->attribute == form->indkey.values[i]) {
          position = column->position;
        }
      }
      if (position > 0) positions = lappend_int(positions, position);
    }
    const bool whole = list_length(positions) == form->indnkeyatts;
    if (form->indisprimary && !whole) positions = NIL;
    index_close(index, AccessShareLock);
  }
  table_close(table, NoLock);
  return positions;
}

List* grouping_positions(Query* query) {
  List* positions = NIL;
  for (SortGroupClause* clause : each<SortGroupClause>(query->groupClause)) {
    TargetEntry* entry = get_sortgroupclause_tle(clause, query->targetList);
    if (entry->resjunk) return NIL;
    positions = lappend_int(positions, entry->resno);
  }
  return positions;
}

}  // namespace

bool is_unique_key(const DeltaTree* tree, List* key) {
  Fixed fixed{tree, NIL, nullptr};
  return has_one_row(&fixed, tree->top, key);
}

List* default_key(const DeltaTree* tree) {
  Query* query = tree->top->query;
  if (query->setOperations != nullptr) return NIL;
  List* copied = copied_columns(tree);
  List* found = NIL;
  int candidates = 0;
  for (int number = 1; number < reference_count(tree); ++number) {
    const Reference* reference = reference_at(tree, number);
    if (!reference->base) continue;
    List* positions = copied_primary_key(reference, number, copied);
    if (positions == NIL || !is_unique_key(tree, positions)) continue;
    found = positions;
    ++candidates;
  }
  if (candidates == 1) return found;
  return query->groupClause == NIL ? NIL : grouping_positions(query);
}

}  // namespace daas
