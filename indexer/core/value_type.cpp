#include "core/value_type.hpp"

#include <array>
#include <utility>

namespace daas {
namespace {

struct KnownType {
  std::string_view name;
  std::uint32_t oid;  ///< pg_type.dat
  ValueType type;
};

constexpr std::array<KnownType, 14> kKnownTypes{{
    {"boolean", 16, ValueType::kBoolean},
    {"smallint", 21, ValueType::kInt2},
    {"integer", 23, ValueType::kInt4},
    {"bigint", 20, ValueType::kInt8},
    {"real", 700, ValueType::kFloat4},
    {"double precision", 701, ValueType::kFloat8},
    {"numeric", 1700, ValueType::kNumeric},
    {"text", 25, ValueType::kText},
    {"character varying", 1043, ValueType::kText},
    {"uuid", 2950, ValueType::kUuid},
    {"date", 1082, ValueType::kDate},
    {"timestamp without time zone", 1114, ValueType::kTimestamp},
    {"timestamp with time zone", 1184, ValueType::kTimestampTz},
    {"jsonb", 3802, ValueType::kJsonb},
}};

bool plain(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

ValueType value_type_named(std::string_view pg_type_name) {
  for (const auto& known : kKnownTypes) {
    if (known.name == pg_type_name) return known.type;
  }
  return ValueType::kWrapped;
}

ValueType value_type_of(std::uint32_t type_oid) {
  for (const auto& known : kKnownTypes) {
    if (known.oid == type_oid) return known.type;
  }
  return ValueType::kWrapped;
}

std::optional<std::string_view> twin_suffix(ValueType type) {
  switch (type) {
    case ValueType::kBoolean: return "_b";
    case ValueType::kInt2:
    case ValueType::kInt4:
    case ValueType::kInt8:
    case ValueType::kDate: return "_l";
    case ValueType::kFloat4:
    case ValueType::kFloat8: return "_d";
    case ValueType::kNumeric: return "_n";
    case ValueType::kText:
    case ValueType::kUuid: return "_s";
    case ValueType::kTimestamp:
    case ValueType::kTimestampTz: return "_us";
    case ValueType::kJsonb:
    case ValueType::kWrapped: return std::nullopt;
  }
  return std::nullopt;
}

std::string solr_field(const Column& column) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string field = "c_";
  for (std::size_t i = 0; i < column.name.size(); ++i) {
    const char c = column.name[i];
    const bool ambiguous = c == '_' && i + 1 < column.name.size() && column.name[i + 1] == 'x';
    if (plain(c) && !ambiguous) {
      field += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    field += "_x";
    field += kHex[byte >> 4];
    field += kHex[byte & 15];
    field += '_';
  }
  field += twin_suffix(column.type).value_or("");
  return field;
}

}  // namespace daas
