// The anchor: the one table that the whole key comes from. With a key of two tables a parent and its
// child that are deleted together would not be found: neither old image meets the other row.
#include <initializer_list>

#include "delta_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace daas {
namespace {

[[noreturn]] void refuse_key(const ModelQuery& model, const OutputColumn& column, Resolved why) {
  const char* reason = "is computed by an aggregate, a window function or a subquery";
  const char* hint = "Name grouping columns or columns of a table with key => ….";
  if (why == Resolved::kNullable) {
    reason = "comes from the nullable side of an outer join";
    hint = "Name columns of the table that every row has, or use an inner join.";
  } else if (why == Resolved::kNotPushed) {
    reason = "is not in every PARTITION BY or DISTINCT ON, or is below a LIMIT";
    hint = "A change of one row may change other documents: compute the value in a subquery over "
           "the rows of the key.";
  }
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("key column \"%s\" %s", column.name, reason), errhint("%s", hint),
                  query_position(model.text, column.location)));
  pg_unreachable();
}

/// The level that makes the rows of the reference: the top, or its arm of a set operation.
Level* row_level(const DeltaTree* tree, int reference) {
  Level* level = tree->top;
  while (level->query->setOperations != nullptr) {
    Level* arm = arm_with(tree, level, reference);
    if (arm == nullptr) break;
    level = arm;
  }
  return level;
}

Node* key_expression(const ModelQuery& model, const DeltaTree* tree, int key, int reference) {
  const OutputColumn& column = model.columns[key];
  Level* level = row_level(tree, reference);
  for (Level* each = level; each != nullptr; each = each->parent) {
    if (!can_push_below(each, key + 1)) refuse_key(model, column, Resolved::kNotPushed);
  }
  TargetEntry* entry = get_tle_by_resno(level->query->targetList, key + 1);
  GlobalExpression global = globalize(reinterpret_cast<Node*>(entry->expr), level);
  if (!global.usable) refuse_key(model, column, Resolved::kComputed);
  LinkSet none = {};
  none.tree = tree;
  none.table = reference;
  MergedColumn merged;
  if (find_merged_column(tree, global.expression, &merged)) {
    global.expression = own_side(tree, merged, reference);
    none.forced = list_make1(merged.join);
  }
  const Resolved resolved = resolve(&global.expression, level, level->root, &none, false);
  if (resolved != Resolved::kYes) refuse_key(model, column, resolved);
  return global.expression;
}

// ---- one table instead of several

/// Whether equal values of the type are the same value, so that any function gives the same for them.
bool equal_is_same(Oid type) {
  switch (getBaseType(type)) {
    case BOOLOID:
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case OIDOID:
    case TEXTOID:
    case VARCHAROID:
    case NAMEOID:
    case UUIDOID:
    case DATEOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
      return true;
    default:
      return type_is_enum(type);
  }
}

struct Substitution {
  int table;
  const LinkSet* conditions;  ///< of every document
  bool bare;                  ///< the column itself is the key, not an expression over it
  bool failed;
};

bool replaces(const Var* var, const Var* other, bool bare) {
  if (var->vartype != other->vartype || var->varcollid != other->varcollid) return false;
  // char(3) and char(5) pad equal values to different texts.
  if (getBaseType(var->vartype) == BPCHAROID && var->vartypmod != other->vartypmod) return false;
  return bare || equal_is_same(var->vartype);
}

bool same_column(const Var* a, const Var* b) {
  return a->varno == b->varno && a->varattno == b->varattno;
}

/// The table's column that equals `var` in every document, over any number of equalities.
Var* equal_column(Var* var, const Substitution& search) {
  List* known = list_make1(var);
  for (int at = 0; at < list_length(known); ++at) {
    Var* from = static_cast<Var*>(list_nth(known, at));
    for (Link* link : each<Link>(search.conditions->links)) {
      if (link->cost != kEqualityCost) continue;
      OpExpr* operation = castNode(OpExpr, link->condition);
      Node* left = static_cast<Node*>(linitial(operation->args));
      Node* right = static_cast<Node*>(lsecond(operation->args));
      if (!IsA(left, Var) || !IsA(right, Var)) continue;
      Var* other = nullptr;
      if (same_column(castNode(Var, left), from)) other = castNode(Var, right);
      if (same_column(castNode(Var, right), from)) other = castNode(Var, left);
      if (other == nullptr || !replaces(from, other, search.bare)) continue;
      if (other->varno == search.table) return copyObject(other);
      bool seen = false;
      for (Var* each_known : each<Var>(known)) seen = seen || same_column(each_known, other);
      if (!seen) known = lappend(known, other);
    }
  }
  return nullptr;
}

Node* substitute(Node* node, Substitution* search) {
  if (node == nullptr) return nullptr;
  if (!IsA(node, Var)) return mutate_expression(node, substitute, search);
  if (castNode(Var, node)->varno == search->table) return node;
  Var* column = equal_column(castNode(Var, node), *search);
  if (column == nullptr) {
    search->failed = true;
    return node;
  }
  return reinterpret_cast<Node*>(column);
}

List* over_one_table(List* expressions, int table, const LinkSet* conditions) {
  List* result = NIL;
  for (Node* expression : each<Node>(expressions)) {
    Substitution search{table, conditions, IsA(expression, Var), false};
    result = lappend(result, substitute(expression, &search));
    if (search.failed) return NIL;
  }
  return result;
}

// ---- nulls

bool is_required(Node* expression, const LinkSet* conditions) {
  for (Link* link : each<Link>(conditions->links)) {
    Node* condition = reinterpret_cast<Node*>(link->condition);
    if (condition == nullptr) continue;
    if (IsA(condition, NullTest) && castNode(NullTest, condition)->nulltesttype == IS_NOT_NULL &&
        equal(castNode(NullTest, condition)->arg, expression)) {
      return true;
    }
    if (IsA(expression, Var) && list_member(find_nonnullable_vars(condition), expression)) return true;
  }
  return false;
}

struct NullSearch {
  const DeltaTree* tree;
  const LinkSet* conditions;
};

bool reads_nullable(Node* node, const NullSearch* search) {
  if (node == nullptr) return false;
  if (!IsA(node, Var)) return walk_expression(node, reads_nullable, search);
  return !is_declared_not_null(search->tree, castNode(Var, node)) &&
         !is_required(node, search->conditions);
}

bool may_be_null(Node* expression, const NullSearch& search) {
  if (is_required(expression, search.conditions)) return false;
  return reads_nullable(expression, &search) || contain_nonstrict_functions(expression);
}

}  // namespace

bool is_declared_not_null(const DeltaTree* tree, const Var* var) {
  HeapTuple tuple = SearchSysCache2(
      ATTNUM, ObjectIdGetDatum(reference_at(tree, var->varno)->entry->relid),
      Int16GetDatum(var->varattno));
  if (!HeapTupleIsValid(tuple)) return false;
  const bool not_null = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple))->attnotnull;
  ReleaseSysCache(tuple);
  return not_null;
}

KeyRoot* find_key_root(const ModelQuery& model, const DeltaTree* tree, int reference) {
  List* expressions = NIL;
  Bitmapset* named = nullptr;
  for (int i = 0; i < model.key_count; ++i) {
    Node* expression = key_expression(model, tree, model.key[i], reference);
    expressions = lappend(expressions, expression);
    named = bms_add_members(named, references_of(expression));
  }
  const LinkSet* conditions = find_row_conditions(tree, row_level(tree, reference));
  Bitmapset* others = nullptr;
  for (Link* link : each<Link>(conditions->links)) {
    others = bms_add_members(others, link->references);
  }
  // Rather a table that the key names than one that is equal to it.
  for (Bitmapset* candidates : {named, bms_difference(others, named)}) {
    for (int table = -1; (table = bms_next_member(candidates, table)) >= 0;) {
      if (!reference_at(tree, table)->base) continue;
      List* found = over_one_table(expressions, table, conditions);
      if (found == NIL) continue;
      KeyRoot* root = make_zeroed<KeyRoot>();
      root->anchor = table;
      root->expressions = found;
      return root;
    }
  }
  ereport(ERROR,
          (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
           errmsg("the key (%s) does not come from one table", key_names(model)),
           errdetail("When rows of several tables change at once, no old row says which document "
                     "it was."),
           errhint("Name columns of one table with key => …, or columns that the query sets equal "
                   "to its columns by inner joins.")));
  pg_unreachable();
}

void check_root(const ModelQuery& model, const DeltaTree* tree, const KeyRoot* root) {
  const LinkSet* conditions = find_row_conditions(tree, row_level(tree, root->anchor));
  const NullSearch search{tree, conditions};
  for (int i = 0; i < model.key_count; ++i) {
    Node* expression = static_cast<Node*>(list_nth(root->expressions, i));
    const OutputColumn& column = model.columns[model.key[i]];
    check_key_type(model, column, exprTypmod(expression), exprCollation(expression));
    if (!may_be_null(expression, search)) continue;
    ereport(ERROR, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                    errmsg("key column \"%s\" may be null", column.name),
                    errhint("Declare the columns that it is made of NOT NULL, or add WHERE … IS NOT "
                            "NULL to the query."),
                    query_position(model.text, column.location)));
  }
}

}  // namespace daas
