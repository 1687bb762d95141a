#include "change_json.hpp"

#include <new>
#include <type_traits>

#include "json_shape.hpp"
#include "memory_scope.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "common/jsonapi.h"
#include "mb/pg_wchar.h"
#include "replication/origin.h"
#include "replication/output_plugin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"
}

namespace daas {

using change_event::IdentityCode;
using change_event::RecordType;

static_assert(std::is_trivially_destructible_v<JsonChangeWriter>);

namespace {

/// Why a column is missing from an image.
enum Mark : std::uint8_t { kUnchanged = 1, kOmitted = 2 };

/// How deep brackets nest in what may be JSON.
int nesting(const char* text, Size size) {
  int depth = 0;
  int deepest = 0;
  bool quoted = false;
  for (Size i = 0; i < size; ++i) {
    if (quoted) {
      if (text[i] == '\\')
        ++i;
      else if (text[i] == '"')
        quoted = false;
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == '{' || text[i] == '[') {
      deepest = Max(deepest, ++depth);
    } else if (text[i] == '}' || text[i] == ']') {
      --depth;
    }
  }
  return deepest;
}

bool is_utf8(const char* text, Size size) {
  return pg_verify_mbstr(PG_UTF8, text, static_cast<int>(size), true);
}

/// Anybody may write a message, also one that is no JSON at all: nothing here raises an error.
bool is_json_object(const char* text, Size size) {
  constexpr int kDeepest = 100;  // the parser raises an error at the end of the stack
  if (size == 0 || text[0] != '{' || nesting(text, size) > kDeepest) return false;
  if (!is_utf8(text, size)) return false;
  JsonLexContext* lexer =
      makeJsonLexContextCstringLen(const_cast<char*>(text), static_cast<int>(size), PG_UTF8, false);
  return pg_parse_json(lexer, &nullSemAction) == JSON_SUCCESS;
}

bool is_ddl(const char* prefix, const char* content, Size size) {
  return strcmp(prefix, change_event::kDdlPrefix) == 0 && size <= change_event::kMessageBytes &&
         is_json_object(content, size);
}

void put_origin(JsonText& text, const CapturedTransaction& transaction) {
  if (transaction.origin == InvalidRepOriginId || transaction.origin == DoNotReplicateId) return;
  char* name = nullptr;
  text.force(",\"origin\":{\"name\":");
  if (replorigin_by_oid(transaction.origin, true, &name)) {
    text.force_string(name);
  } else {
    text.force("null");
  }
  text.force(",\"lsn\":");
  text.force_position(transaction.origin_lsn);
  text.force("}");
}

void put_transaction(JsonText& text, const CapturedTransaction& transaction) {
  char time[MAXDATELEN + 1];
  JsonEncodeDateTime(time, TimestampTzGetDatum(transaction.time), TIMESTAMPTZOID, nullptr);
  text.force("\"xid\":");
  text.force_number(transaction.xid);
  text.force(",\"commit_lsn\":");
  text.force_position(transaction.commit_lsn);
  text.force(",\"time\":");
  text.force_string(time);
  put_origin(text, transaction);
}

const char* event_of(RecordType type) {
  switch (type) {
    case RecordType::kInsert:
      return "insert";
    case RecordType::kUpdate:
      return "update";
    case RecordType::kDelete:
      return "delete";
    default:
      elog(ERROR, "no event for record type '%c'", static_cast<char>(type));
  }
  pg_unreachable();
}

}  // namespace

JsonChangeWriter* JsonChangeWriter::create(MemoryContext context, LogicalDecodingContext* output,
                                           const JsonWriterOptions& options) {
  void* place = MemoryContextAlloc(context, sizeof(JsonChangeWriter));
  auto* writer = new (place) JsonChangeWriter(output, options);
  in_memory(context, [writer] {
    initStringInfo(&writer->line_);
    initStringInfo(&writer->transaction_);
  });
  return writer;
}

// ---- lines

void JsonChangeWriter::send() {
  if (line_.len == 0) return;
  OutputPluginPrepareWrite(output_, true);
  appendBinaryStringInfo(output_->out, line_.data, line_.len);
  OutputPluginWrite(output_, true);
  resetStringInfo(&line_);
}

void JsonChangeWriter::open_line(const char* event) {
  send();
  text_.force("{\"event\":\"");
  text_.force(event);
  text_.force("\",");
}

void JsonChangeWriter::close_line() {
  text_.force("}");
}

void JsonChangeWriter::put_position(XLogRecPtr lsn) {
  text_.force(transaction_.data, transaction_.len);
  text_.force(",\"seq\":");
  text_.force_number(++sequence_);
  text_.force(",\"lsn\":");
  text_.force_position(lsn);
}

void JsonChangeWriter::put_boundary(const char* event, const CapturedTransaction& transaction) {
  open_line(event);
  text_.force(transaction_.data, transaction_.len);
  text_.force(",\"end_lsn\":");
  text_.force_position(transaction.end_lsn);
}

void JsonChangeWriter::begin(const CapturedTransaction& transaction) {
  resetStringInfo(&transaction_);
  JsonText text(&transaction_, MaxAllocSize);
  put_transaction(text, transaction);
  sequence_ = 0;
  if (!options_.transactions) return;
  put_boundary("begin", transaction);
  close_line();
}

void JsonChangeWriter::commit(const CapturedTransaction& transaction) {
  if (options_.transactions) {
    put_boundary("commit", transaction);
    text_.force(",\"changes\":");
    text_.force_number(sequence_);
    close_line();
  }
  send();
}

// ---- changes

void JsonChangeWriter::open_change(RecordType type, const CapturedMember& member, XLogRecPtr lsn) {
  const JsonShape* shape = shape_of(member);
  memset(shape->marks, 0, member.column_count);
  type_ = type;
  has_old_ = false;
  open_line(event_of(type));
  text_.force(shape->table);
  text_.force(",");
  put_position(lsn);
  text_.force(",");
  text_.force(shape->key);
  if (!options_.types) return;
  text_.force(",");
  text_.force(shape->types);
}

void JsonChangeWriter::old_image(const CapturedMember& member, const CapturedRow& row) {
  text_.force(",\"before\":");
  put_image(member, row, member.identity != IdentityCode::kFull);
  has_old_ = true;
}

void JsonChangeWriter::new_image(const CapturedMember& member, const CapturedRow& row) {
  if (!has_old_) {
    text_.force(",\"before\":");
    // The WAL has no old key when it is that of the new row.
    if (type_ == RecordType::kUpdate && member.identity == IdentityCode::kKey) {
      put_image(member, row, true);
    } else {
      text_.force("null");
    }
  }
  text_.force(",\"after\":");
  put_image(member, row, false);
}

void JsonChangeWriter::close_change(const CapturedMember& member) {
  if (type_ == RecordType::kDelete) {
    text_.force(has_old_ ? ",\"after\":null" : ",\"before\":null,\"after\":null");
  }
  put_marked(member, ",\"unchanged\":", kUnchanged);
  put_marked(member, ",\"omitted\":", kOmitted);
  close_line();
}

void JsonChangeWriter::truncate(const CapturedMember& member, XLogRecPtr lsn) {
  open_line("truncate");
  text_.force(shape_of(member)->table);
  text_.force(",");
  put_position(lsn);
  close_line();
}

void JsonChangeWriter::put_image(const CapturedMember& member, const CapturedRow& row,
                                 bool identity_only) {
  const JsonShape* shape = shape_of(member);
  const char* comma = "";
  text_.force("{");
  for (int i = 0; i < member.column_count; ++i) {
    const CapturedColumn& column = member.columns[i];
    if (identity_only && !column.identity) continue;
    const int start = text_.length();
    text_.force(comma);
    text_.force(shape->names[i]);
    if (column.source >= 0 && row.nulls[column.source]) {
      text_.force("null");
    } else if (column.source >= 0 && column.varlena &&
               VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(row.values[column.source]))) {
      // PostgreSQL leaves a pointer into the TOAST table where the WAL has no value.
      shape->marks[i] |= kUnchanged;
      text_.cut(start);
      continue;
    } else if (column.source < 0 ||
               !put_json_value(text_, shape->values[i], row.values[column.source])) {
      shape->marks[i] |= kOmitted;
      text_.cut(start);
      continue;
    }
    comma = ",";
  }
  text_.force("}");
}

void JsonChangeWriter::put_marked(const CapturedMember& member, const char* field,
                                  std::uint8_t mark) {
  const JsonShape* shape = shape_of(member);
  bool found = false;
  for (int i = 0; i < member.column_count; ++i) {
    if ((shape->marks[i] & mark) == 0) continue;
    text_.force(found ? "," : field);
    if (!found) text_.force("[");
    text_.force_string(member.columns[i].name);
    found = true;
  }
  if (found) text_.force("]");
}

// ---- messages

bool JsonChangeWriter::wants_message(const char* prefix, const char* content, Size size) {
  constexpr Size kLongestPrefix = 255;
  if (is_ddl(prefix, content, size)) return true;
  if (options_.message_prefix == nullptr) return false;
  if (strncmp(prefix, options_.message_prefix, strlen(options_.message_prefix)) != 0) return false;
  return strlen(prefix) <= kLongestPrefix && is_utf8(prefix, strlen(prefix));
}

void JsonChangeWriter::message(const char* prefix, const char* content, Size size, XLogRecPtr lsn) {
  const bool ddl = is_ddl(prefix, content, size);
  open_line(ddl ? "ddl" : "message");
  put_position(lsn);
  text_.force(",");
  if (ddl) {
    text_.force("\"ddl\":");
    if (!text_.put_json(content, size)) text_.force("null");
    close_line();
    return;
  }
  text_.force("\"prefix\":");
  text_.force_string(prefix);
  text_.force(",\"content\":");
  const int start = text_.length();
  if (!is_utf8(content, size) || !text_.put_string(content, size)) {
    text_.cut(start);
    text_.force("null");
  }
  text_.force(",\"bytes\":");
  text_.force_number(size);
  close_line();
}

}  // namespace daas
