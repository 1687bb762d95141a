// Leaf forms: what one condition on one column is to Solr, without SQL's NULL. Pure.
#pragma once

#include <string>
#include <vector>

#include "core/value_parse.hpp"
#include "serve/filter_query.hpp"
#include "serve/text_pattern.hpp"

namespace daas {

// Solr answers 500 to more than 1,024 boolean clauses.
constexpr std::size_t kMostClauses = 500;

class LeafBuilder {
 public:
  LeafBuilder(const Column& column, const Api& api, QueryParameters& parameters)
      : type_(element_type(column).value_or(column.type)),
        is_array_(element_type(column).has_value()),
        field_(solr_field(column)),
        mark_(is_array_ ? array_mark_field(column) : std::string()),
        pg_type_(column.pg_type),
        place_("column " + api.path + "." + column.name + " is of type " + column.pg_type),
        parameters_(parameters) {}

  /// Of arrays, too, whose empty ones have no elements but a mark.
  std::string exists() const { return mark_.empty() ? field_ + ":*" : mark_ + ":*"; }
  /// Holds nowhere. A pure negative clause matches nothing in a nested query, which is the point.
  static std::string nothing() { return "{!bool must_not=$all}"; }
  std::string everything_but(std::string query) {
    return "{!bool must=$all must_not=" + parameters_.query(std::move(query)) + "}";
  }
  std::string exists_but(std::string query) {
    const auto present = parameters_.query(exists());
    return "{!bool must=" + present + " must_not=" + parameters_.query(std::move(query)) + "}";
  }

  std::string equals(const std::string& text) { return equals_twin(twin(text)); }
  std::string among(const std::vector<std::string>& texts);
  std::string compares(Operator op, const std::string& text);
  /// like, ilike, match and imatch, of texts.
  std::string matches(Operator op, const std::string& pattern);
  /// cs, cd and ov, of an array's elements.
  std::string contains(const std::vector<std::string>& texts, bool with_null);
  std::string is_contained(const std::vector<std::string>& texts);
  std::string overlaps(const std::vector<std::string>& texts) {
    return texts.empty() ? nothing() : among(texts);
  }
  std::string is_boolean(bool value) { return equals_twin(value ? "true" : "false"); }

 private:
  /// One query per gap between the sorted values, in which an element would be none of them.
  std::vector<std::string> gaps(std::vector<std::string> twins);
  std::string text_gap(const std::string* from, const std::string* to);
  bool is_float() const { return type_ == ValueType::kFloat4 || type_ == ValueType::kFloat8; }
  bool is_string() const {
    const auto suffix = twin_suffix(type_);
    return suffix == "_s" || suffix == "_n";
  }
  static bool is_zero(const std::string& twin) {
    return twin.find_first_not_of("-+0.") == std::string::npos;
  }

  std::string twin(const std::string& text) const {
    auto parsed = parse_value(type_, text);
    if (!parsed.ok()) throw Refusal(400, parsed.sqlstate, parsed.message, place_);
    return std::move(parsed.twin);
  }
  std::string equals_twin(std::string twin) {
    // -0.0 and 0.0 are different terms to Solr, equal to PostgreSQL.
    if (is_float() && is_zero(twin)) return field_ + ":[\"-0.0\" TO \"0.0\"]";
    return "{!term f=" + field_ + " v=" + parameters_.value(std::move(twin)) + "}";
  }
  std::string compares_boolean(Operator op, bool value);
  std::string compares_float(Operator op, std::string twin);

  ValueType type_;  ///< of an array: its elements'
  bool is_array_;
  std::string field_;
  std::string mark_;  ///< of arrays: the field that tells NULL from empty
  std::string pg_type_;
  std::string place_;
  QueryParameters& parameters_;
};

}  // namespace daas
