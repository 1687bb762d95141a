// Links: the conditions by which a row of a table finds the documents that it counts in.
#pragma once

#include "delta_tree.hpp"

namespace daas {

/// Resolution of an expression down to columns of tables.
enum class Resolved : std::uint8_t {
  kYes,
  kComputed,   ///< made by an aggregate, a window function, a sublink, a set operation …
  kNotPushed,  ///< a LIMIT, window or DISTINCT ON below: other rows decide, too
  kNullable,   ///< an outer join may have made it NULL
};

/// A condition over columns of tables and functions in FROM, in global form.
struct Link {
  const void* origin;  ///< the conjunct (or function in FROM) that it was made of
  Expr* condition;     ///< null: between a function in FROM and what its arguments read
  Bitmapset* references;
  int cost;
};

constexpr int kEqualityCost = 10;
constexpr int kOtherCost = 100;
constexpr int kArgumentCost = 5;

/// What holds for every combination of rows through which a row of one table counts.
struct LinkSet {
  const DeltaTree* tree;
  int table;     ///< whose row it is; 0: for every document
  List* links;   ///< Link
  List* forced;  ///< JoinNode: outer joins that such rows pass as if they were inner ones
  bool unsent;   ///< links were left out, since they read columns that images don't have
};

/// Links of a row of the reference, a table or function in FROM.
LinkSet* find_links(const DeltaTree* tree, int reference);
/// What holds for every row that the level has.
LinkSet* find_row_conditions(const DeltaTree* tree, Level* level);

/// Whether an outer join gives NULLs for this child where the other has no partner.
bool nulls_child(const JoinNode* join, const JoinNode* child);
/// Whether a condition on an output column of the level may as well be asked of the rows below it:
/// whether rows that it refuses have no part in the rows that it passes.
bool can_push_below(const Level* level, int column);

/// Replaces output columns of subqueries by what they are made of, down to tables. `expression` is
/// global, of `level` at `position` of its join tree; it may not depend on an outer join that makes
/// NULLs, unless `force` (then it must be strict: it forces the join).
Resolved resolve(Node** expression, Level* level, JoinNode* position, LinkSet* links, bool force);

/// Function, VALUES and XMLTABLE arguments of a reference, as a list of three.
List* arguments_of(const Reference* reference);

}  // namespace daas
