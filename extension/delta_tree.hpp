// A model's query as delta queries are derived from it: levels (the query, its subqueries, sublinks,
// arms of set operations), each with the tree of its joins, and one numbering of everything that a
// FROM names, over all levels.
//
// Expressions are used in global form (globalize()): every Var has the reference's number as varno
// and no levels up, so that expressions of several levels can be joined in one.
//
// All memory is of the current memory context; structs are trivially destructible, since an error
// leaves by siglongjmp. One thread.
#pragma once

#include <cstdint>

extern "C" {
#include "postgres.h"

#include "nodes/bitmapset.h"
#include "nodes/parsenodes.h"
#include "nodes/primnodes.h"
}

namespace daas {

struct Level;

enum class JoinNodeKind : std::uint8_t { kFrom, kJoin, kLeaf };

/// One node of a level's join tree, with the conjuncts of its WHERE or ON.
struct JoinNode {
  JoinNodeKind kind;
  JoinType join_type;  ///< of kJoin
  JoinNode* parent;
  Level* level;
  List* children;   ///< JoinNode; of kJoin: left, right
  List* conjuncts;  ///< expressions as the level has them, not global
  int reference;    ///< of kLeaf
};

enum class LevelKind : std::uint8_t { kTop, kFromSubquery, kSublink, kSetOperationArm };

struct Level {
  LevelKind kind;
  Query* query;
  Level* parent;
  JoinNode* position;  ///< where in the parent's join tree it stands
  int stands_as;       ///< the reference that its output columns are columns of
  int offset;          ///< reference = offset + range table index
  JoinNode* root;
  List* test;            ///< conjuncts of x IN (…): Vars of the parent, Params of the output
  bool null_test_counts;  ///< of IN: a comparison that gives NULL matters too
  /// A sublink in the output of an aggregation without GROUP BY: that has a row even where no row of
  /// the parent's FROM is.
  bool without_rows;
  const char* path;  ///< prefix of its references' names
};

/// Whatever a FROM names; also each sublink and arm, under a number of its own.
struct Reference {
  Level* level;
  RangeTblEntry* entry;
  JoinNode* leaf;
  Level* sublevel;
  bool base;      ///< a table
  bool computed;  ///< a function, VALUES, XMLTABLE
};

struct DeltaTree {
  Level* top;
  List* references;  ///< Reference; nothing at 0
  int subqueries;    ///< numbered for their names
};

/// Takes the query apart, and to pieces: give it a copy. Views must be expanded.
DeltaTree* build_delta_tree(Query* query);

Reference* reference_at(const DeltaTree* tree, int number);
int reference_count(const DeltaTree* tree);
/// How a person finds a reference in the query: "f", "v.a", "EXISTS 2.a".
const char* reference_name(const Reference* reference);

/// Whether the reference stands in the level or in one below it.
bool level_contains(const DeltaTree* tree, const Level* level, int reference);
bool is_under(const JoinNode* node, const JoinNode* ancestor);
/// The arm of a set operation that holds the reference, or null.
Level* arm_with(const DeltaTree* tree, const Level* set_operation, int reference);
/// An aggregation without GROUP BY: it has one row, whatever its FROM holds.
bool is_plain_aggregate(const Query* query);

/// Flattens ANDs; a list of expressions.
List* conjuncts_of(Node* condition);

struct GlobalExpression {
  Node* expression;
  bool usable;  ///< holds no aggregate, window function or sublink
};

/// A copy of an expression of `level` in global form.
GlobalExpression globalize(const Node* expression, Level* level);
/// The same of a conjunct of Level::test.
GlobalExpression globalize_test(const Node* conjunct, Level* level);

/// The references that a global expression reads.
Bitmapset* references_of(const Node* expression);

}  // namespace daas
