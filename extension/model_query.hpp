// What a model's query means: from the user's text to the definition that daas.model holds.
//
//   model_query_parse.cpp      text -> analyzed query; constructs that the grammar already shows
//   model_query_check.cpp      constructs and tables that a model can't have
//   model_query_functions.cpp  which functions a model may call
//   model_query_columns.cpp    output columns, kind
//   model_query_key.cpp        key: unique, not null, covered by the replica identity
//   model_query_key_type.cpp   types of key columns
//   model_query_deparse.cpp    the texts that the daemon runs
//
// Everything runs with the rights of the current user, who must own the table: analysis, planning
// and probing run functions that the query names. All memory is of the current memory context, and
// every struct here is trivially destructible, since an error leaves by siglongjmp. One thread.
#pragma once

extern "C" {
#include "postgres.h"

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
  AttrNumber attribute;  ///< column of the table that it copies; 0 for an expression
  ValueForm form;
  int location;          ///< byte offset in the query's text, -1 unknown
};

struct ModelQuery {
  const char* text;
  Query* query;
  Oid table;
  OutputColumn* columns;
  int column_count;
  int* key;  ///< positions in `columns`
  int key_count;
  bool projection;  ///< documents can be built from change events alone
  List* functions;  ///< oids of those that it calls and that aren't built in
};

/// For ereport(): the position of a byte offset in the query, counted in characters.
int query_position(const char* text, int location);

/// The query, parsed and analyzed under the current search_path. `relative_times` gets the places
/// of literals like 'today', which are no constants as times though they look so once analyzed.
Query* parse_model_query(const char* text, List** relative_times);

/// Refuses every construct that a model can't have; returns its one table, which analysis locked.
/// `functions` gets the oids of the functions that it calls and that aren't built in.
Oid check_model_query(const char* text, Query* query, List* relative_times, List** functions);
/// Refuses tables that can't be a source, or that the current user does not own.
void check_source_table(Relation table);

/// Why a model can't call the function, or nullptr.
const char* function_refusal(Oid function);

/// Fills in columns and projection.
void find_output_columns(ModelQuery* model, Relation table);
/// Fills in the key: the named columns, or the primary key's when `names` is null.
void find_key(ModelQuery* model, Relation table, ArrayType* names);
/// Refuses a key column whose values have no text of their own that stands in the change event.
void check_key_type(const ModelQuery& model, const OutputColumn& column,
                    Form_pg_attribute attribute);
/// Refuses a key that the table's (or a partition's) replica identity doesn't cover.
void check_replica_identity(const ModelQuery& model, Relation table);

/// The query with every name qualified, so that no search_path can change its meaning.
char* deparse_query(const ModelQuery& model);
/// The same over the table's ONLY own rows, for the daemon: the rows of a table that inherits from
/// it some day are not captured, so they must not be loaded either.
char* deparse_own_rows(const ModelQuery& model);
char* load_query(const ModelQuery& model, const char* query);
char* fetch_query(const ModelQuery& model, const char* query);
/// Runs both without fetching a row: what the daemon will run is valid and permitted.
void probe(const ModelQuery& model, const char* load, const char* fetch);

/// All of it, as daas.model and daas.source hold it.
Jsonb* define_model_query(const char* text, ArrayType* key);

}  // namespace daas
