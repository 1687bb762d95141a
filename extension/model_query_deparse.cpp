// From the analyzed query to the texts that the daemon runs, and their rehearsal.
#include "model_query.hpp"
#include "pinned_settings.hpp"

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

/// A type's name for a cast, true under any search_path; without a modifier, which would cut values.
const char* cast_type(Oid type) {
  return format_type_extended(type, -1, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

}  // namespace

char* deparse_query(const ModelQuery& model) {
  char* text = nullptr;
  under_pinned_settings([&] { text = pg_get_querydef(model.query, false); });
  while (*text == ' ') ++text;
  return text;
}

char* deparse_own_rows(const ModelQuery& model) {
  RangeTblEntry* table = linitial_node(RangeTblEntry, model.query->rtable);
  const bool inherited = table->inh;
  table->inh = table->relkind == RELKIND_PARTITIONED_TABLE;
  char* text = deparse_query(model);
  table->inh = inherited;
  return text;
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
  appendStringInfoString(&text, " WHERE (");
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
  Oid* types = static_cast<Oid*>(palloc(sizeof(Oid) * model.key_count));
  Datum* values = static_cast<Datum*>(palloc(sizeof(Datum) * model.key_count));
  for (int i = 0; i < model.key_count; ++i) {
    types[i] = TEXTARRAYOID;
    values[i] = PointerGetDatum(construct_empty_array(TEXTOID));
  }
  under_pinned_settings([&] {
    SPI_connect();
    const char* limited = psprintf("%s LIMIT 0", load);
    if (SPI_execute(limited, true, 0) != SPI_OK_SELECT) {
      elog(ERROR, "the load query is not a SELECT: %s", load);
    }
    if (SPI_execute_with_args(fetch, model.key_count, types, values, nullptr, true, 0) !=
        SPI_OK_SELECT) {
      elog(ERROR, "the fetch query is not a SELECT: %s", fetch);
    }
    SPI_finish();
  });
}

}  // namespace daas
