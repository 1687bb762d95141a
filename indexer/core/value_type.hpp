// The column types that daas knows, and how a column's value reaches the daemon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace daas {

/// How a value of a document column is written and indexed.
enum class ValueType : std::uint8_t {
  kBoolean,
  kInt2,
  kInt4,
  kInt8,
  kFloat4,
  kFloat8,
  kNumeric,
  kText,  ///< text and character varying
  kUuid,
  kDate,
  kTimestamp,
  kTimestampTz,
  kCharacter,  ///< character(n): compared without its padding
  kName,
  kTime,
  kInterval,
  kBytea,
  kInet,  ///< inet and cidr, which PostgreSQL compares as inet
  kMacaddr,
  kMacaddr8,
  kBit,  ///< bit and bit varying
  kOid,
  kEnum,
  kJsonb,
  kJson,
  kQuoted,   ///< other built-in types whose JSON is their text in quotes
  kWrapped,  ///< any other type: the value is the text of to_json(value)
};

/// The type that PostgreSQL's format_type names so ("bigint", "character varying", …), "enum" for
/// enums; kWrapped for every other name. extension/value_form.cpp has the same list.
ValueType value_type_named(std::string_view pg_type_name);

/// One of the names of a type, empty for kWrapped.
std::string_view value_type_name(ValueType type);

/// The type of a built-in type oid (pg_type.dat), or kWrapped.
ValueType value_type_of(std::uint32_t type_oid);

/// One output column of a model.
struct Column {
  std::string name;
  ValueType type = ValueType::kWrapped;
  /// Column of the base table that it copies; empty for an expression.
  std::string source;
  /// PostgreSQL's name of the declared type, which may be a domain or an enum.
  std::string pg_type;
  /// Language that its texts can be searched in (text_language.hpp); empty: they can't.
  std::string language = {};
};

/// Whether the column's type is a user's, over the built-in one that its values are of.
bool is_user_type(const Column& column);

/// Suffix of the Solr field that is the typed twin of a column, or nothing when the type has none
/// (json, jsonb, quoted and wrapped columns live in the document text only). Twins are equal exactly
/// when PostgreSQL finds the values equal.
///   _l long (integers, oid; date as days since 2000-01-01) · _d double · _b boolean · _s string
///   _n numeric, or an interval's microseconds, as order-preserving string · _us long, microseconds
///   since 2000-01-01 UTC (timestamp, timestamptz; PostgreSQL's own count, so that its whole range
///   fits; infinities are the ends of the type's range), or of the day (time)
std::optional<std::string_view> twin_suffix(ValueType type);

/// The type of the elements, when the column is an array whose elements have twins: then its twin is
/// all of them, of all dimensions, in a multi-valued field.
std::optional<ValueType> element_type(const Column& column);

/// Whether the column has a twin of either kind.
bool can_filter(const Column& column);

/// Whether the twins also have the type's order. Not those of enums, which are their labels.
bool has_ordered_twin(ValueType type);

/// Solr field of a column: "c_" + name + suffix, where bytes outside [A-Za-z0-9_] become `_xHH_`
/// (upper-case hexadecimal) and an underscore that is followed by `x` becomes `_x5F_`.
/// Injective: two columns never share a field. Precondition: the type has a twin. An array's ends in
/// one `s` more.
std::string solr_field(const Column& column);

/// Solr field that the texts of a column are searched in. Precondition: it has a language.
std::string text_field(const Column& column);

/// Solr field that every array has which is not NULL, also an empty one: true without a NULL among its
/// elements, else false.
std::string array_mark_field(const Column& column);

}  // namespace daas
