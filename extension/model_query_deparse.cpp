// From the analyzed query to the texts that the daemon runs, and their rehearsal.
#include "model_query.hpp"
#include "pinned_settings.hpp"
#include "query_tree.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "nodes/bitmapset.h"
#include "utils/builtins.h"
#include "utils/ruleutils.h"
}

namespace daas {
namespace {

/// Always in quotes, keyword or not, unlike quote_identifier.
const char* quoted(const char* name) {
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfoChar(&text, '"');
  for (const char* c = name; *c != '\0'; ++c) {
    if (*c == '"') appendStringInfoChar(&text, '"');
    appendStringInfoChar(&text, *c);
  }
  appendStringInfoChar(&text, '"');
  return text.data;
}

bool own_rows_only(Node* node, const void*) {
  if (node == nullptr) return false;
  if (IsA(node, Query)) {
    return walk_query(castNode(Query, node), own_rows_only, static_cast<const void*>(nullptr),
                      QTW_EXAMINE_RTES_BEFORE);
  }
  if (IsA(node, RangeTblEntry)) {
    RangeTblEntry* entry = castNode(RangeTblEntry, node);
    if (entry->rtekind == RTE_RELATION) entry->inh = entry->relkind == RELKIND_PARTITIONED_TABLE;
    return false;
  }
  return walk_expression(node, own_rows_only, static_cast<const void*>(nullptr));
}

char* deparse(Query* query) {
  char* text = nullptr;
  under_pinned_settings([&] { text = pg_get_querydef(query, false); });
  while (*text == ' ') ++text;
  return text;
}

/// Starts the query, which checks rights, and fetches nothing: what can't use the keys would compute
/// everything, inside the statement that defines a model or changes one of its tables.
void start_only(const char* query, int parameters) {
  Oid* types = static_cast<Oid*>(palloc(sizeof(Oid) * (parameters + 1)));
  Datum* values = static_cast<Datum*>(palloc(sizeof(Datum) * (parameters + 1)));
  for (int i = 0; i < parameters; ++i) {
    types[i] = TEXTARRAYOID;
    values[i] = PointerGetDatum(construct_empty_array(TEXTOID));
  }
  const char* limited = psprintf("%s LIMIT 0", query);
  if (SPI_execute_with_args(limited, parameters, types, values, nullptr, true, 0) != SPI_OK_SELECT) {
    elog(ERROR, "not a SELECT: %s", query);
  }
}

}  // namespace

bool is_closed(const Query* query) {
  return query->hasAggs || query->groupClause != NIL || query->distinctClause != NIL ||
         query->hasWindowFuncs || query->setOperations != nullptr;
}

const char* cast_type(Oid type) {
  return format_type_extended(type, -1, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

char* deparse_query(const ModelQuery& model) {
  return deparse(model.query);
}

char* deparse_own_rows(const ModelQuery& model) {
  Query* query = copyObject(model.expanded);
  own_rows_only(reinterpret_cast<Node*>(query), nullptr);
  return deparse(query);
}

char* load_query(const ModelQuery& model, const char* query) {
  StringInfoData text;
  initStringInfo(&text);
  for (int i = 0; i < model.column_count; ++i) {
    const char* name = quoted(model.columns[i].name);
    appendStringInfoString(&text, i > 0 ? ", " : "SELECT ");
    if (model.columns[i].form.type != nullptr) {
      appendStringInfo(&text, "q.%s", name);
    } else {
      appendStringInfo(&text, "pg_catalog.to_json(q.%s) AS %s", name, name);
    }
  }
  // The id is the key's text, which to_json() is not. A cast to text is not it either: char(n)
  // loses its padding by it.
  for (int i = 0; i < model.key_count; ++i) {
    const OutputColumn& column = model.columns[model.key[i]];
    if (column.form.type == nullptr) {
      appendStringInfo(&text, ", pg_catalog.format('%%s', q.%s)", quoted(column.name));
    }
  }
  appendStringInfo(&text, " FROM (%s) q", query);
  return text.data;
}

char* fetch_query(const ModelQuery& model, const char* query) {
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfoString(&text, load_query(model, query));
  if (model.key_count == 1) {
    // = ANY of an array is an index condition that every index on the column serves.
    const OutputColumn& column = model.columns[model.key[0]];
    appendStringInfo(&text, " WHERE q.%s = ANY ($1::text[]::%s[])", quoted(column.name),
                     cast_type(column.type));
    return text.data;
  }
  appendStringInfoString(&text, " WHERE ");
  // A semi-join stops at aggregates; conditions on the columns that they group by go below them.
  for (int i = 0; is_closed(model.expanded) && i < model.key_count; ++i) {
    const OutputColumn& column = model.columns[model.key[i]];
    appendStringInfo(&text, "q.%s = ANY ($%d::text[]::%s[]) AND ", quoted(column.name), i + 1,
                     cast_type(column.type));
  }
  appendStringInfoChar(&text, '(');
  for (int i = 0; i < model.key_count; ++i) {
    appendStringInfo(&text, "%sq.%s", i > 0 ? ", " : "", quoted(model.columns[model.key[i]].name));
  }
  appendStringInfoString(&text, ") IN (SELECT * FROM unnest(");
  for (int i = 0; i < model.key_count; ++i) {
    appendStringInfo(&text, "%s$%d::text[]::%s[]", i > 0 ? ", " : "", i + 1,
                     cast_type(model.columns[model.key[i]].type));
  }
  appendStringInfoString(&text, "))");
  return text.data;
}

void probe(const ModelQuery& model, const char* load, const char* fetch) {
  under_pinned_settings([&] {
    SPI_connect();
    start_only(load, 0);
    start_only(fetch, model.key_count);
    for (Delta* delta : each<Delta>(model.deltas)) {
      if (delta->query != nullptr) start_only(delta->query, list_length(delta->columns));
    }
    SPI_finish();
  });
}

}  // namespace daas
