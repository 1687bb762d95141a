#include "serve/column_schema.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace daas {
namespace {

using nlohmann::ordered_json;

/// What JSON has no number for is a string to row_to_json.
constexpr const char* kNoNumber[] = {"NaN", "Infinity", "-Infinity"};

ordered_json nullable(const char* type) {
  return {{"type", {type, "null"}}};
}

ordered_json nullable(const char* type, const char* keyword, ordered_json value) {
  auto schema = nullable(type);
  schema[keyword] = std::move(value);
  return schema;
}

ordered_json whole(const char* format) {
  return nullable("integer", "format", format);
}

ordered_json reference(const char* name) {
  return {{"$ref", std::string("#/components/schemas/") + name}};
}

ordered_json number(const char* description, const char* format) {
  auto finite = nullable("number");
  if (format != nullptr) finite["format"] = format;
  ordered_json schema;
  schema["description"] = description;
  schema["anyOf"] = {std::move(finite), {{"type", "string"}, {"enum", kNoNumber}}};
  return schema;
}

/// Whether a type that is not built from row images prints as a string. Not the types of extensions, of
/// which nothing is known.
bool prints_a_string(std::string_view pg_type) {
  constexpr std::string_view kNames[] = {"money",    "\"char\"", "jsonpath",  "regclass",      "regcollation",
                                         "regconfig", "regdictionary", "regnamespace", "regoper", "regoperator",
                                         "regproc",  "regprocedure",  "regrole",   "regtype"};
  constexpr std::string_view kRanges[] = {"int4", "int8", "num", "date", "ts", "tstz"};
  if (std::find(std::begin(kNames), std::end(kNames), pg_type) != std::end(kNames)) return true;
  return std::any_of(std::begin(kRanges), std::end(kRanges), [&](std::string_view of) {
    return pg_type.starts_with(of) && (pg_type.substr(of.size()) == "range" || pg_type.substr(of.size()) == "multirange");
  });
}

ordered_json schema_of(ValueType type) {
  switch (type) {
    case ValueType::kBoolean: return nullable("boolean");
    case ValueType::kInt2: {
      auto schema = whole("int32");
      schema["minimum"] = -32768;
      schema["maximum"] = 32767;
      return schema;
    }
    case ValueType::kInt4: return whole("int32");
    case ValueType::kInt8: return whole("int64");
    case ValueType::kFloat4: return reference("Real");
    case ValueType::kFloat8: return reference("Double");
    case ValueType::kNumeric: return reference("Numeric");
    case ValueType::kUuid: return nullable("string", "format", "uuid");
    case ValueType::kDate: return reference("Date");
    case ValueType::kTimestamp: return reference("Timestamp");
    case ValueType::kTimestampTz: return reference("TimestampTz");
    case ValueType::kTime: return nullable("string", "pattern", R"(^\d{2}:\d{2}:\d{2}(\.\d+)?$)");
    case ValueType::kBytea: return nullable("string", "pattern", R"(^\\x([0-9a-f]{2})*$)");
    case ValueType::kBit: return nullable("string", "pattern", "^[01]*$");
    case ValueType::kOid: return nullable("string", "pattern", R"(^\d+$)");
    case ValueType::kText:
    case ValueType::kCharacter:
    case ValueType::kName:
    case ValueType::kInterval:
    case ValueType::kInet:
    case ValueType::kMacaddr:
    case ValueType::kMacaddr8:
    case ValueType::kEnum:
    case ValueType::kQuoted: return nullable("string");
    case ValueType::kJsonb:
    case ValueType::kJson:
    case ValueType::kWrapped: return ordered_json::object();
  }
  return ordered_json::object();
}

/// A column's type says nothing of the number of its arrays' dimensions: an element may be another array.
ordered_json array_of(ordered_json element) {
  if (element.empty()) return nullable("array", "items", std::move(element));
  return nullable("array", "items", {{"anyOf", {std::move(element), {{"type", "array"}}}}});
}

ordered_json untagged_schema(const Column& column) {
  constexpr std::string_view kArray = "[]";
  const std::string_view name = column.pg_type;
  if (column.type != ValueType::kWrapped) return schema_of(column.type);
  if (!name.ends_with(kArray)) return prints_a_string(name) ? nullable("string") : ordered_json::object();
  const auto element = name.substr(0, name.size() - kArray.size());
  return array_of(untagged_schema({{}, value_type_named(element), {}, std::string(element)}));
}

}  // namespace

ordered_json column_schema(const Column& column) {
  auto schema = untagged_schema(column);
  schema["x-pg-type"] = column.pg_type;
  return schema;
}

ordered_json value_schemas() {
  // Years of more than four digits, before Christ, and infinity are dates to PostgreSQL, and none to RFC 3339.
  const auto far = [](const char* pattern) { return ordered_json{{"type", "string"}, {"pattern", pattern}}; };
  const auto date_like = [&](const char* description, const char* format, const char* far_pattern) {
    ordered_json schema;
    schema["description"] = description;
    schema["anyOf"] = {nullable("string", "format", format), far(far_pattern)};
    return schema;
  };
  ordered_json schemas;
  schemas["Numeric"] = number("A numeric with all of its digits, of which there may be more than a double has.", nullptr);
  schemas["Double"] = number("A double precision.", "double");
  schemas["Real"] = number("A real.", "float");
  schemas["Date"] = date_like("A date, or one that is none to RFC 3339: infinity, a year over 9999 or before Christ.", "date",
                              R"(^(-?infinity|\d{5,}-\d{2}-\d{2}|\d{4,}-\d{2}-\d{2} BC)$)");
  schemas["TimestampTz"] =
      date_like("A moment in UTC with up to six digits of a second, or one that is none to RFC 3339: infinity, a year over"
                " 9999 or before Christ.",
                "date-time", R"(^(-?infinity|\d{5,}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?\+00:00|\d{4,}-.*\+00:00 BC)$)");
  schemas["Timestamp"] = nullable("string", "pattern", R"(^(-?infinity|\d{4,}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?( BC)?)$)");
  schemas["Timestamp"]["description"] = "A local time of no zone with up to six digits of a second, or infinity.";
  return schemas;
}

}  // namespace daas
