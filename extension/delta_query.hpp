// Delta queries: what a change of a row of some table means for the documents of a model. For every
// place in which the query reads a table, derived once from its parse tree:
//
//   delta_tree.cpp        the query taken apart: levels, join trees, references
//   delta_expression.cpp  expressions over all levels
//   delta_resolve.cpp     … down to columns of tables, through subqueries and outer joins
//   delta_links.cpp       which conditions hold for every row that counts
//   delta_key.cpp         the one table that supplies the key: the anchor
//   delta_full_join.cpp   keys that a FULL JOIN merges
//   delta_unique.cpp      whether the key provably names one row
//   delta_path.cpp        the cheapest way from each table to the anchor
//   delta_text.cpp        the query's text
//   delta_index.cpp       indexes that its path would need
//
// The idea: put the old and new images of the changed rows in the table's place, keep the tables on
// the path to the anchor and the conditions along it, drop all else. A document is affected exactly
// because a row may match no longer, so filters must go; more keys than needed do no harm.
//
// Why it may run later than the change: every step of a path leads to a table that is strictly nearer
// to the anchor. If rows of the path changed too, the nearest of them to the anchor finds the key by
// its own old image.
#pragma once

#include "delta_links.hpp"
#include "model_query.hpp"

namespace daas {

/// coalesce(left, right) of a FULL JOIN that sets them equal.
struct MergedColumn {
  JoinNode* join;
  Var* left;
  Var* right;
};

bool find_merged_column(const DeltaTree* tree, Node* expression, MergedColumn* merged);
/// The side that the reference is on; left for those that are on neither, to which no link leads.
Node* own_side(const DeltaTree* tree, const MergedColumn& merged, int reference);

/// Where the key of the documents that one reference counts in comes from.
struct KeyRoot {
  int anchor;         ///< the table
  List* expressions;  ///< the key's columns in order, global, over the anchor alone
};

/// Raises the reason when the key has no such table.
KeyRoot* find_key_root(const ModelQuery& model, const DeltaTree* tree, int reference);
/// Whether a column of a table, global, has a NOT NULL constraint.
bool is_declared_not_null(const DeltaTree* tree, const Var* var);
/// Refuses keys that may be null or whose type names no documents.
void check_root(const ModelQuery& model, const DeltaTree* tree, const KeyRoot* root);

/// Whether the output columns named by `key` (positions from 1) provably occur once.
bool is_unique_key(const DeltaTree* tree, List* key);
/// Positions from 1 of the output columns that make the default key, or NIL.
List* default_key(const DeltaTree* tree);

/// The links from a reference to its anchor and the tables between them.
struct Path {
  bool found;
  int distance;
  Bitmapset* references;
  List* links;
};

/// Cheapest paths; `links` and `roots` are null where there is no table or function in FROM.
Path* find_paths(const DeltaTree* tree, LinkSet** links, KeyRoot** roots);

/// The text for the images of `reference`; `columns` gets the attributes that it needs of them.
const char* delta_text(const ModelQuery& model, const DeltaTree* tree, int reference,
                       const Path& path, const KeyRoot* root, List** columns);

/// What it takes to follow a path from either end.
struct PathIndexes {
  List* missing;       ///< MissingIndex: to the anchor, for the delta query
  bool scans;          ///< a table on it is not reached by an equality at all
  MissingIndex* back;  ///< to find the reference's rows from the anchor's side, for the fetch; or null
  bool scans_back;
};

PathIndexes find_missing_indexes(const DeltaTree* tree, int reference, const Path& path);
/// The index by which the fetch finds the anchor's rows by key, if it is missing.
MissingIndex* missing_key_index(const DeltaTree* tree, const KeyRoot* root);

}  // namespace daas
