#include "document/document_writer.hpp"

#include <charconv>
#include <utility>

#include "core/big_endian.hpp"
#include "core/date_time.hpp"
#include "core/document_id.hpp"
#include "core/error.hpp"
#include "core/json_text.hpp"
#include "core/numeric_key.hpp"
#include "core/pg_text.hpp"
#include "core/string_twin.hpp"
#include "core/value_parse.hpp"
#include "document/array_twin.hpp"

namespace daas {
namespace {

void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_head(std::string& body, std::string_view id, std::int64_t version) {
  body += "{\"id\":\"";
  append_json_escaped(body, id);
  body += "\",\"_ver_\":";
  append_number(body, version);
}

/// A timestamp's text output → its JSON form: `T` for the space, a zone of hours and minutes.
void append_json_timestamp(std::string& out, std::string_view text, bool zone) {
  const auto space = text.find(' ');
  if (space == std::string_view::npos) {  // infinity
    out += text;
    return;
  }
  out.append(text, 0, space).append(1, 'T');
  text.remove_prefix(space + 1);
  const auto era = text.find(' ');
  out.append(text, 0, era);
  if (zone) out += ":00";
  if (era != std::string_view::npos) out.append(text, era);
}

DateTime date_time_of(std::string_view text) {
  DateTimeError error;
  if (const auto value = parse_date_time(text, error)) return *value;
  Error refusal(Remedy::kStop, "PostgreSQL's text \"" + std::string(text) +
                                 "\" is no date or timestamp under DateStyle=ISO");
  refusal.set_log_text("PostgreSQL sent a text that is no date or timestamp under DateStyle=ISO");
  throw refusal;
}

}  // namespace

DocumentWriter::DocumentWriter(std::vector<Column> columns, std::vector<std::size_t> key)
    : columns_(std::move(columns)), key_(std::move(key)) {
  for (const auto& column : columns_) {
    std::string member = members_.empty() ? "\"" : ",\"";
    append_json_escaped(member, column.name);
    member += "\":";
    append_json_escaped(members_.emplace_back(), member);
    twins_.push_back(can_filter(column) ? ",\"" + solr_field(column) + "\":" : std::string());
    texts_.push_back(column.language.empty() ? std::string() : ",\"" + text_field(column) + "\":");
    marks_.push_back(element_type(column) ? ",\"" + array_mark_field(column) + "\":" : std::string());
  }
  places_.resize(columns_.size());
}

std::string DocumentWriter::id(std::span<const Field> row) const {
  std::string id;
  std::string text;
  for (std::size_t part = 0; part < key_.size(); ++part) {
    const auto& field = row[key_[part]];
    text.clear();
    if (field.form == Field::Form::kNative) {
      append_native_text(text, columns_[key_[part]].type, field.bytes);
    } else {
      text = field.bytes;
    }
    append_key_part(id, columns_[key_[part]].type, text, key_.size() > 1, part == 0);
  }
  finish_id(id);
  return id;
}

void DocumentWriter::append(std::string& body, std::span<const Field> row, std::int64_t version) {
  append(body, id(row), row, version);
}

void DocumentWriter::append(std::string& body, std::string_view id, std::span<const Field> row,
                            std::int64_t version) {
  append_head(body, id, version);
  body += ",\"_doc_\":\"{";
  values_.clear();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    body += members_[i];
    const auto from = values_.size();
    append_value(columns_[i].type, row[i]);
    places_[i] = {from, values_.size() - from};
    append_json_escaped(body, std::string_view(values_).substr(from));
  }
  body += "}\"";
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (twins_[i].empty() || row[i].form == Field::Form::kNull) continue;
    body += twins_[i];
    const auto [from, size] = places_[i];
    const auto value = std::string_view(values_).substr(from, size);
    if (marks_[i].empty()) {
      append_twin(body, columns_[i].type, row[i], value);
    } else {
      const bool without_null = append_array_twin(body, *element_type(columns_[i]), value);
      body.append(marks_[i]).append(without_null ? "true" : "false");
    }
    if (!texts_[i].empty()) body.append(texts_[i]).append(value);
  }
  body += '}';
}

void DocumentWriter::append_tombstone(std::string& body, std::string_view id,
                                      std::int64_t version) {
  append_head(body, id, version);
  body += ",\"_deleted_\":true}";
}

std::string_view DocumentWriter::text_of(ValueType type, const Field& field) {
  if (field.form == Field::Form::kText) return field.bytes;
  scratch_.clear();
  append_native_text(scratch_, type, field.bytes);
  return scratch_;
}

void DocumentWriter::append_value(ValueType type, const Field& field) {
  if (field.form == Field::Form::kNull) {
    values_ += "null";
    return;
  }
  switch (type) {
    case ValueType::kBoolean:
      values_ += text_of(type, field) == "t" ? "true" : "false";
      return;
    case ValueType::kInt2:
    case ValueType::kInt4:
    case ValueType::kInt8:
    case ValueType::kJsonb:
    case ValueType::kJson:
    case ValueType::kWrapped:
      values_ += text_of(type, field);
      return;
    case ValueType::kFloat4:
    case ValueType::kFloat8:
    case ValueType::kNumeric: {
      const auto text = text_of(type, field);
      if (is_json_number(text)) {
        values_ += text;
      } else {  // NaN and the infinities
        values_.append(1, '"').append(text).append(1, '"');
      }
      return;
    }
    case ValueType::kTimestamp:
    case ValueType::kTimestampTz:
      values_ += '"';
      append_json_timestamp(values_, text_of(type, field), type == ValueType::kTimestampTz);
      values_ += '"';
      return;
    default:  // the text in quotes, as to_json() does with every type that it doesn't know
      values_ += '"';
      append_json_escaped(values_, text_of(type, field));
      values_ += '"';
      return;
  }
}

namespace {

/// The twin that is what a reader's text of the value would be compared as.
std::string parsed_twin(ValueType type, std::string_view text) {
  auto parsed = parse_value(type, text);
  if (parsed.ok()) return std::move(parsed.twin);
  throw Error(Remedy::kStop, "PostgreSQL's text of a value of type " +
                                 std::string(value_type_name(type)) + " can't be read: " +
                                 parsed.message);
}

}  // namespace

void DocumentWriter::append_twin(std::string& body, ValueType type, const Field& field,
                                 std::string_view value) {
  const bool native = field.form == Field::Form::kNative;
  switch (type) {
    case ValueType::kBoolean:
    case ValueType::kInt2:
    case ValueType::kInt4:
    case ValueType::kInt8:
    case ValueType::kUuid:
      body += value;
      return;
    case ValueType::kFloat4:
    case ValueType::kFloat8:
      body += value == "-0" ? "0" : value;  // equal, but not to Solr
      return;
    case ValueType::kText:
      if (is_own_twin(field.bytes)) {
        body += value;
      } else {
        body += '"';
        append_json_escaped(body, string_twin(field.bytes));
        body += '"';
      }
      return;
    case ValueType::kNumeric: {
      const auto key = numeric_key(field.bytes);
      if (!key) {
        Error error(Remedy::kStop,
                    "PostgreSQL's text \"" + std::string(field.bytes) + "\" is no numeric");
        error.set_log_text("PostgreSQL sent a text that is no numeric");
        throw error;
      }
      body.append(1, '"').append(string_twin(*key)).append(1, '"');
      return;
    }
    case ValueType::kDate: {
      const auto days = native ? std::optional(static_cast<std::int32_t>(big_endian(field.bytes)))
                               : date_of(date_time_of(field.bytes));
      if (!days) throw Error(Remedy::kStop, "a date is out of PostgreSQL's range");
      append_number(body, *days);
      return;
    }
    case ValueType::kTimestamp:
    case ValueType::kTimestampTz: {
      // Text output is in UTC, so that the zone adds nothing.
      const auto microseconds =
          native ? std::optional(static_cast<std::int64_t>(big_endian(field.bytes)))
                 : timestamp_of(date_time_of(field.bytes));
      if (!microseconds) throw Error(Remedy::kStop, "a timestamp is out of PostgreSQL's range");
      append_number(body, *microseconds);
      return;
    }
    case ValueType::kTime:
    case ValueType::kOid:
      body += parsed_twin(type, field.bytes);
      return;
    case ValueType::kInterval:
    case ValueType::kCharacter:
    case ValueType::kName:
    case ValueType::kBytea:
    case ValueType::kInet:
    case ValueType::kMacaddr:
    case ValueType::kMacaddr8:
    case ValueType::kBit:
    case ValueType::kEnum:
      body += '"';
      append_json_escaped(body, parsed_twin(type, field.bytes));
      body += '"';
      return;
    case ValueType::kJsonb:
    case ValueType::kJson:
    case ValueType::kQuoted:
    case ValueType::kWrapped:
      return;
  }
}

}  // namespace daas
