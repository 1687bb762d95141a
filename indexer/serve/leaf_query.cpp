#include "serve/leaf_query.hpp"

#include <algorithm>
#include <utility>

#include "core/value_parse.hpp"

namespace daas {

std::string LeafBuilder::among(const std::vector<std::string>& texts) {
  std::vector<std::string> twins;
  for (const auto& text : texts) twins.push_back(twin(text));
  if (twins.size() == 1) return equals_twin(std::move(twins[0]));

  // {!terms} loses negative values of double fields in Solr 9.10 when another clause leads.
  if (is_float()) {
    if (twins.size() > kMostClauses) {
      throw Refusal(400, "54000",
                    "more than 500 values in one list of a column of type " + pg_type_, place_,
                    "split the request");
    }
    std::string query = "{!bool";
    for (auto& twin : twins) query += " should=" + parameters_.query(equals_twin(std::move(twin)));
    return query + "}";
  }
  for (const char separator : {'\x1F', '\x1E', '\x1D', '\x1C'}) {
    std::string joined;
    bool clash = false;
    for (const auto& twin : twins) {
      clash = clash || twin.find(separator) != std::string::npos;
      if (&twin != &twins.front()) joined += separator;
      joined += twin;
    }
    if (clash) continue;
    const auto name = parameters_.value(std::string(1, separator));
    return "{!terms f=" + field_ + " separator=" + name +
           " v=" + parameters_.value(std::move(joined)) + "}";
  }
  throw Refusal(400, "22023",
                "a list of values holds all of the control characters U+001C to U+001F", place_,
                "ask for the values in separate requests");
}

std::string LeafBuilder::compares(Operator op, const std::string& text) {
  auto literal = twin(text);
  if (type_ == ValueType::kBoolean) return compares_boolean(op, literal == "true");
  if (is_float()) return compares_float(op, std::move(literal));

  const bool lower = op == Operator::kGt || op == Operator::kGte;
  const bool inclusive = op == Operator::kGte || op == Operator::kLte;
  if (is_string()) {
    // Byte order of UTF-8, which is PostgreSQL's order under collation "C".
    return std::string("{!frange ") + (lower ? "l=" : "u=") +
           parameters_.value(std::move(literal)) + (lower ? " incl=" : " incu=") +
           (inclusive ? "true" : "false") + "}" + field_;
  }
  // A literal that the daemon printed itself: digits and a sign.
  if (lower) return field_ + ":" + (inclusive ? "[" : "{") + "\"" + literal + "\" TO *]";
  return field_ + ":[* TO \"" + literal + "\"" + (inclusive ? "]" : "}");
}

std::string LeafBuilder::compares_boolean(Operator op, bool value) {
  // false < true
  switch (op) {
    case Operator::kGt:
      return value ? nothing() : equals_twin("true");
    case Operator::kGte:
      return value ? equals_twin("true") : exists();
    case Operator::kLt:
      return value ? equals_twin("false") : nothing();
    default:
      return value ? exists() : equals_twin("false");
  }
}

std::string LeafBuilder::compares_float(Operator op, std::string twin) {
  // PostgreSQL: NaN equals itself and is greater than every other number. Solr's open upper end of
  // a range of doubles is Infinity, which leaves NaN out.
  const bool lower = op == Operator::kGt || op == Operator::kGte;
  const bool inclusive = op == Operator::kGte || op == Operator::kLte;
  if (twin == "NaN") {
    if (op == Operator::kGt) return nothing();
    if (op == Operator::kGte) return equals_twin("NaN");
    return inclusive ? exists() : exists_but(equals_twin("NaN"));
  }
  // Zero stands on the side that takes both of its forms in, or leaves both out.
  if (is_zero(twin)) twin = lower == inclusive ? "-0.0" : "0.0";
  if (!lower) return field_ + ":[* TO \"" + twin + "\"" + (inclusive ? "]" : "}");
  auto range = parameters_.query(field_ + ":" + (inclusive ? "[" : "{") + "\"" + twin + "\" TO *]");
  return "{!bool should=" + range + " should=" + parameters_.query(equals_twin("NaN")) + "}";
}

std::string LeafBuilder::matches(Operator op, const std::string& pattern) {
  const auto asked = op == Operator::kLike    ? like_pattern(pattern)
                     : op == Operator::kILike ? ilike_pattern(pattern)
                                              : regex_pattern(pattern, op == Operator::kIMatch);
  switch (asked.kind) {
    case TextPattern::Kind::kAnything:
      return exists();
    case TextPattern::Kind::kText:
      return equals(asked.text);
    case TextPattern::Kind::kPrefix:
      return "{!prefix f=" + field_ + " v=" + parameters_.value(asked.text) + "}";
    case TextPattern::Kind::kWildcard:
      return "{!lucene df=" + field_ + " v=" + parameters_.value(asked.text) + "}";
    case TextPattern::Kind::kRegex:
      return "{!lucene df=" + field_ + " v=" + parameters_.value("/" + asked.text + "/") + "}";
  }
  return nothing();
}

}  // namespace daas
