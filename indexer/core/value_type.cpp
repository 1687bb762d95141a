#include "core/value_type.hpp"

#include <utility>

namespace daas {
namespace {

/// Enums have oids of their own; no column has this one.
constexpr std::uint32_t kNoOid = 0xFFFFFFFF;

struct KnownType {
  std::string_view name;
  std::uint32_t oid;  ///< pg_type.dat
  ValueType type;
};

constexpr KnownType kKnownTypes[] = {
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
    {"character", 1042, ValueType::kCharacter},
    {"name", 19, ValueType::kName},
    {"time without time zone", 1083, ValueType::kTime},
    {"interval", 1186, ValueType::kInterval},
    {"bytea", 17, ValueType::kBytea},
    {"inet", 869, ValueType::kInet},
    {"cidr", 650, ValueType::kInet},
    {"macaddr", 829, ValueType::kMacaddr},
    {"macaddr8", 774, ValueType::kMacaddr8},
    {"bit", 1560, ValueType::kBit},
    {"bit varying", 1562, ValueType::kBit},
    {"oid", 26, ValueType::kOid},
    {"enum", kNoOid, ValueType::kEnum},
    {"jsonb", 3802, ValueType::kJsonb},
    {"json", 114, ValueType::kJson},
    {"time with time zone", 1266, ValueType::kQuoted},
    {"xml", 142, ValueType::kQuoted},
    {"tsvector", 3614, ValueType::kQuoted},
    {"tsquery", 3615, ValueType::kQuoted},
    {"point", 600, ValueType::kQuoted},
    {"lseg", 601, ValueType::kQuoted},
    {"path", 602, ValueType::kQuoted},
    {"box", 603, ValueType::kQuoted},
    {"polygon", 604, ValueType::kQuoted},
    {"line", 628, ValueType::kQuoted},
    {"circle", 718, ValueType::kQuoted},
    {"pg_lsn", 3220, ValueType::kQuoted},
    {"xid8", 5069, ValueType::kQuoted},
};

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

std::string_view value_type_name(ValueType type) {
  for (const auto& known : kKnownTypes) {
    if (known.type == type) return known.name;
  }
  return {};
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
    case ValueType::kOid:
    case ValueType::kDate: return "_l";
    case ValueType::kFloat4:
    case ValueType::kFloat8: return "_d";
    case ValueType::kNumeric:
    case ValueType::kInterval: return "_n";
    case ValueType::kText:
    case ValueType::kCharacter:
    case ValueType::kName:
    case ValueType::kBytea:
    case ValueType::kInet:
    case ValueType::kMacaddr:
    case ValueType::kMacaddr8:
    case ValueType::kBit:
    case ValueType::kEnum:
    case ValueType::kUuid: return "_s";
    case ValueType::kTime:
    case ValueType::kTimestamp:
    case ValueType::kTimestampTz: return "_us";
    case ValueType::kJsonb:
    case ValueType::kJson:
    case ValueType::kQuoted:
    case ValueType::kWrapped: return std::nullopt;
  }
  return std::nullopt;
}

bool has_ordered_twin(ValueType type) {
  return type != ValueType::kEnum && twin_suffix(type).has_value();
}

bool is_user_type(const Column& column) {
  return value_type_named(column.pg_type) == ValueType::kWrapped;
}

std::optional<ValueType> element_type(const Column& column) {
  constexpr std::string_view kArray = "[]";
  const std::string_view name = column.pg_type;
  if (column.type != ValueType::kWrapped || !name.ends_with(kArray)) return std::nullopt;
  const auto type = value_type_named(name.substr(0, name.size() - kArray.size()));
  if (!twin_suffix(type)) return std::nullopt;
  return type;
}

bool can_filter(const Column& column) {
  return twin_suffix(column.type).has_value() || element_type(column).has_value();
}

namespace {

std::string escaped_field(const Column& column) {
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
  return field;
}

}  // namespace

std::string solr_field(const Column& column) {
  auto field = escaped_field(column);
  if (const auto element = element_type(column)) {
    return field.append(*twin_suffix(*element)).append(1, 's');
  }
  return field.append(twin_suffix(column.type).value_or(""));
}

std::string text_field(const Column& column) {
  return escaped_field(column) + "_t_" + column.language;
}

std::string array_mark_field(const Column& column) {
  return escaped_field(column) + "_a";
}

}  // namespace daas
