// What a model's query means: from the user's text to the definition that daas.model holds.
//
//   model_query_parse.cpp      text -> analyzed query, views expanded; refusals that the grammar shows
//   model_query_check.cpp      constructs that a model can't have
//   model_query_source.cpp     tables and views that a model can't read
//   model_query_functions.cpp  which functions a model may call
//   model_query_columns.cpp    output columns, kind
//   model_query_key.cpp        key of a model of one table: unique, not null
//   model_query_key_type.cpp   types of key columns
//   model_query_identity.cpp   columns that the replica identity must hold
//   model_query_deltas.cpp     key of any other model; its delta queries (delta_query.hpp)
//   model_query_deparse.cpp    the texts that the daemon runs
//
// Everything runs with the rights of the current user, who must own the tables: analysis, planning
// and probing run functions that the query names. All memory is of the current memory context, and
// every struct here is trivially destructible, since an error leaves by siglongjmp. One thread.
#pragma once

#include <cstdint>

extern "C" {
#include "postgres.h"

#include "access/genam.h"
#include "catalog/pg_attribute.h"
#include "nodes/parsenodes.h"
#include "utils/array.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"
}

#include "value_form.hpp"

namespace daas {

struct OutputColumn {
  const char* name;
  Oid type;
  AttrNumber attribute;  ///< column that it copies, in a model of one table; 0 for an expression
  ValueForm form;
  int location;          ///< byte offset in the query's text, -1 unknown
};

enum class DeltaMode : std::uint8_t { kKey, kQuery, kRefresh };

/// What a change of one table, where one place of the query reads it, means for the documents.
struct Delta {
  Oid table;
  const char* reference;  ///< for a person
  DeltaMode mode;
  List* columns;      ///< int list: attributes that are needed of old and new images
  const char* query;  ///< of kQuery
  List* over;         ///< of kQuery: names of the references on its path
};

/// An index that a delta query or the fetch would need and that isn't there.
struct MissingIndex {
  int delta;  ///< number of the delta from 1; 0: the fetch
  Oid table;
  List* columns;  ///< int list: attributes
};

/// What a person should know of a delta or the fetch.
struct Note {
  int delta;  ///< as above
  const char* text;
};

struct ModelQuery {
  const char* text;
  Query* query;     ///< as the user means it
  Query* expanded;  ///< with the queries of views in their places
  List* tables;     ///< oids of the base tables
  List* views;      ///< oids of the views that were expanded
  Oid table;        ///< of a plain SELECT from one table; else InvalidOid
  OutputColumn* columns;
  int column_count;
  int* key;  ///< positions in `columns`
  int key_count;
  bool projection;  ///< documents can be built from change events alone
  List* functions;  ///< oids of those that it calls and that aren't built in
  List* deltas;     ///< Delta
  List* missing_indexes;
  List* notes;
};

/// For ereport(): the position of a byte offset in the query, counted in characters.
int query_position(const char* text, int location);

/// Fills in query and expanded, analyzed under the current search_path. `relative_times` gets the
/// places of literals like 'today', which are no constants as times though they look so once analyzed.
void parse_model_query(ModelQuery* model, List** relative_times);

/// Refuses every construct that a model can't have; fills in tables, views, functions.
void check_model_query(ModelQuery* model, List* relative_times);
/// Refuses tables that can't be a source, or that the current user does not own.
void check_source_table(Relation table);
/// Refuses views whose expansion would show more than the view does.
void check_view(Relation view);

/// Why a model can't call the function, or nullptr.
const char* function_refusal(Oid function);
/// The functions behind an aggregate; none for any other function.
List* functions_behind(Oid function);

/// Fills in columns and projection.
void find_output_columns(ModelQuery* model);

/// Fills in the key of a model of one table and its delta: the named columns, or the primary key's
/// when `names` is null.
void find_key(ModelQuery* model, Relation table, ArrayType* names);
/// The named output columns as the key.
void find_named_key(ModelQuery* model, ArrayType* names);
/// "id, day"
const char* key_names(const ModelQuery& model);
/// Refuses a key column whose values have no text of their own that stands in the change event.
void check_key_type(const ModelQuery& model, const OutputColumn& column, int32 modifier,
                    Oid collation);
/// Whether the index proves that no two rows agree on its columns, at every moment of a statement.
bool proves_unique(Relation index);
/// Whether the test holds for one of the table's indexes.
template <typename Test>
bool any_index(Relation table, const Test& test) {
  bool found = false;
  List* indexes = RelationGetIndexList(table);
  ListCell* cell;
  foreach (cell, indexes) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    found = found || test(index);
    index_close(index, AccessShareLock);
  }
  return found;
}

/// A WARNING for each aggregate whose elements the query gives no order.
void warn_of_unordered(const ModelQuery& model);

/// Fills in the key and the deltas of a model that is not of one table.
void find_deltas(ModelQuery* model, ArrayType* names);

/// The cheapest replica identity that covers the attributes: DEFAULT, USING INDEX … or FULL.
const char* mending_identity(Relation table, List* attributes);
/// Refuses tables (or partitions) whose replica identity doesn't cover what the deltas need.
void check_replica_identity(const ModelQuery& model);

/// Whether the planner can't see through the query to its tables when it joins it.
bool is_closed(const Query* query);
/// A type's name for a cast, true under any search_path; without a modifier, which would cut values.
const char* cast_type(Oid type);
/// The query with every name qualified, so that no search_path can change its meaning.
char* deparse_query(const ModelQuery& model);
/// The same, views expanded, over the ONLY own rows of tables, for the daemon: the rows of a table
/// that inherits from one some day are not captured, so they must not be loaded either.
char* deparse_own_rows(const ModelQuery& model);
char* load_query(const ModelQuery& model, const char* query);
char* fetch_query(const ModelQuery& model, const char* query);
/// Runs all of them without fetching a row: what the daemon will run is valid and permitted.
void probe(const ModelQuery& model, const char* load, const char* fetch);

/// All of it, as daas.model, daas.source and daas.delta hold it.
/// @param by_outbox old images come from triggers and not from the WAL: no replica identity is needed
Jsonb* define_model_query(const char* text, ArrayType* key, bool by_outbox);

}  // namespace daas
