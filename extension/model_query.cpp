#include "model_query.hpp"

#include "pinned_settings.hpp"
#include "query_tree.hpp"

extern "C" {
#include "access/table.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
}

namespace daas {
namespace {

/// Turns a position in the model's query, which is a string somewhere in the user's statement, into
/// an internal one: the client shows the model's query with a caret, not its own statement.
void show_query(void* text) {
  const int position = geterrposition();
  if (position <= 0) return;
  errposition(0);
  internalerrposition(position);
  internalerrquery(static_cast<const char*>(text));
}

const char* column_name(const ModelQuery& model, AttrNumber attribute) {
  return get_attname(model.table, attribute, false);
}

void append_name(StringInfo json, const char* member, const char* name) {
  appendStringInfo(json, ",\"%s\":", member);
  if (name != nullptr) {
    escape_json(json, name);
  } else {
    appendStringInfoString(json, "null");
  }
}

void append_columns(StringInfo json, const ModelQuery& model) {
  for (int i = 0; i < model.column_count; ++i) {
    const OutputColumn& column = model.columns[i];
    appendStringInfoString(json, i > 0 ? ",{\"name\":" : "{\"name\":");
    escape_json(json, column.name);
    appendStringInfoString(json, ",\"type\":");
    escape_json(json, format_type_be(column.type));
    append_name(json, "value", column.form.type);
    append_name(json, "twin", column.form.twin);
    append_name(json, "source",
                column.attribute > 0 ? column_name(model, column.attribute) : nullptr);
    appendStringInfoChar(json, '}');
  }
}

void append_member(StringInfo json, const char* name, const char* value) {
  appendStringInfo(json, ",\"%s\":", name);
  escape_json(json, value);
}

const char* mode_name(DeltaMode mode) {
  switch (mode) {
    case DeltaMode::kKey:
      return "key";
    case DeltaMode::kQuery:
      return "query";
    case DeltaMode::kRefresh:
      break;
  }
  return "refresh";
}

void append_deltas(StringInfo json, const ModelQuery& model) {
  for (Delta* delta : each<Delta>(model.deltas)) {
    appendStringInfo(json, "%s{\"relation\":%u,\"mode\":\"%s\"",
                     delta == linitial(model.deltas) ? "" : ",", delta->table,
                     mode_name(delta->mode));
    append_member(json, "reference", delta->reference);
    appendStringInfoString(json, ",\"columns\":[");
    ListCell* cell;
    foreach (cell, delta->columns) {
      if (foreach_current_index(cell) > 0) appendStringInfoChar(json, ',');
      escape_json(json, get_attname(delta->table, static_cast<AttrNumber>(lfirst_int(cell)), false));
    }
    appendStringInfoChar(json, ']');
    append_name(json, "query", delta->query);
    appendStringInfoChar(json, '}');
  }
}

const char* qualified_relation(Oid relation) {
  return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
                                    get_rel_name(relation));
}

const char* create_index(const MissingIndex& missing) {
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfo(&text, "CREATE INDEX ON %s (", qualified_relation(missing.table));
  ListCell* cell;
  foreach (cell, missing.columns) {
    const AttrNumber attribute = static_cast<AttrNumber>(lfirst_int(cell));
    appendStringInfo(&text, "%s%s", foreach_current_index(cell) > 0 ? ", " : "",
                     quote_identifier(get_attname(missing.table, attribute, false)));
  }
  appendStringInfoChar(&text, ')');
  return text.data;
}

/// What daas.explain_model shows beside what is stored; delta 0 is the fetch.
void append_explanation(StringInfo json, const ModelQuery& model, int delta) {
  appendStringInfo(json, "%s{\"delta\":%d,\"indexes\":[", delta > 0 ? "," : "", delta);
  const char* separator = "";
  for (MissingIndex* missing : each<MissingIndex>(model.missing_indexes)) {
    if (missing->delta != delta) continue;
    appendStringInfo(json, "%s{\"relation\":%u", separator, missing->table);
    append_member(json, "statement", create_index(*missing));
    appendStringInfoChar(json, '}');
    separator = ",";
  }
  appendStringInfoString(json, "],\"notes\":[");
  separator = "";
  for (Note* note : each<Note>(model.notes)) {
    if (note->delta != delta) continue;
    appendStringInfoString(json, separator);
    escape_json(json, note->text);
    separator = ",";
  }
  appendStringInfoString(json, "],\"over\":[");
  if (delta > 0) {
    const Delta* described = static_cast<Delta*>(list_nth(model.deltas, delta - 1));
    for (const char* name : each<const char>(described->over)) {
      if (name != linitial(described->over)) appendStringInfoChar(json, ',');
      escape_json(json, name);
    }
    appendStringInfoChar(json, ']');
    Relation table = table_open(described->table, AccessShareLock);
    append_name(json, "identity", described->columns == NIL
                                      ? nullptr
                                      : mending_identity(table, described->columns));
    table_close(table, NoLock);
    appendStringInfoChar(json, '}');
    return;
  }
  appendStringInfoString(json, "]}");
}

/// With what tells whether the view is still the one that the definition was derived from.
void append_view(StringInfo json, Oid view) {
  const Datum definition = DirectFunctionCall1(pg_get_viewdef, ObjectIdGetDatum(view));
  appendStringInfoString(json, "{\"view\":");
  escape_json(json, qualified_relation(view));
  append_member(json, "definition", TextDatumGetCString(definition));
  appendStringInfoChar(json, '}');
}

Jsonb* to_jsonb(const ModelQuery& model, const char* query, const char* load, const char* fetch) {
  StringInfoData json;
  initStringInfo(&json);
  appendStringInfo(&json, "{\"kind\":\"%s\"", model.projection ? "projection" : "query");
  const bool whole = OidIsValid(model.table) && model.query->jointree->quals == nullptr;
  appendStringInfo(&json, ",\"whole_table\":%s", whole ? "true" : "false");
  append_member(&json, "query", query);
  append_member(&json, "load_query", load);
  append_member(&json, "fetch_query", fetch);
  appendStringInfoString(&json, ",\"columns\":[");
  append_columns(&json, model);
  appendStringInfoString(&json, "],\"key\":[");
  for (int i = 0; i < model.key_count; ++i) {
    if (i > 0) appendStringInfoChar(&json, ',');
    escape_json(&json, model.columns[model.key[i]].name);
  }
  appendStringInfoString(&json, "],\"functions\":[");
  ListCell* cell;
  foreach (cell, model.functions) {
    if (foreach_current_index(cell) > 0) appendStringInfoChar(&json, ',');
    escape_json(&json, format_procedure_qualified(lfirst_oid(cell)));
  }
  appendStringInfoString(&json, "],\"views\":[");
  foreach (cell, model.views) {
    if (foreach_current_index(cell) > 0) appendStringInfoChar(&json, ',');
    append_view(&json, lfirst_oid(cell));
  }
  appendStringInfoString(&json, "],\"deltas\":[");
  append_deltas(&json, model);
  appendStringInfoString(&json, "],\"explanation\":[");
  for (int delta = 0; delta <= list_length(model.deltas); ++delta) {
    append_explanation(&json, model, delta);
  }
  appendStringInfoString(&json, "]}");
  return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json.data)));
}

}  // namespace

int query_position(const char* text, int location) {
  if (location < 0) return 0;
  return errposition(pg_mbstrlen_with_len(text, location) + 1);
}

Jsonb* define_model_query(const char* text, ArrayType* key, bool by_outbox) {
  ModelQuery model = {};
  model.text = text;

  ErrorContextCallback callback;
  callback.callback = show_query;
  callback.arg = const_cast<char*>(text);
  callback.previous = error_context_stack;
  error_context_stack = &callback;
  List* relative_times = NIL;
  parse_model_query(&model, &relative_times);
  check_model_query(&model, relative_times);
  find_output_columns(&model);
  if (OidIsValid(model.table)) {
    Relation table = table_open(model.table, NoLock);
    find_key(&model, table, key);
    table_close(table, NoLock);
  } else {
    find_deltas(&model, key);
    warn_of_unordered(model);
  }
  if (!by_outbox) check_replica_identity(model);
  error_context_stack = callback.previous;

  const char* query = deparse_query(model);
  const char* own_rows = deparse_own_rows(model);
  const char* load = load_query(model, own_rows);
  const char* fetch = fetch_query(model, own_rows);
  probe(model, load, fetch);
  Jsonb* definition = nullptr;
  under_pinned_settings([&] { definition = to_jsonb(model, query, load, fetch); });
  return definition;
}

}  // namespace daas
