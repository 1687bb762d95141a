#include "serve/filter_query.hpp"

#include "core/value_parse.hpp"

namespace daas {
namespace {

// Solr answers 500 to more than 1,024 boolean clauses.
constexpr std::size_t kMostClauses = 500;

class LeafBuilder {
 public:
  LeafBuilder(const Column& column, const Api& api, QueryParameters& parameters)
      : type_(column.type),
        field_(solr_field(column)),
        pg_type_(column.pg_type),
        place_("column " + api.path + "." + column.name + " is of type " + column.pg_type),
        parameters_(parameters) {}

  std::string exists() const { return field_ + ":*"; }
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
  std::string is_boolean(bool value) { return equals_twin(value ? "true" : "false"); }

 private:
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

  ValueType type_;
  std::string field_;
  std::string pg_type_;
  std::string place_;
  QueryParameters& parameters_;
};

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

}  // namespace

std::string QueryParameters::query(std::string text) {
  const std::string name = "f" + std::to_string(queries_++);
  parameters_.emplace_back(name, std::move(text));
  return "$" + name;
}

std::string QueryParameters::value(std::string raw) {
  const std::string name = "v" + std::to_string(values_++);
  parameters_.emplace_back(name, std::move(raw));
  return "$" + name;
}

Refusal unordered(const Column& column, const Api& api) {
  return {400, "0A000",
          "column " + api.path + "." + column.name + " of type " + column.pg_type +
              " can be compared for equality only",
          "the order of its values is not indexed", "use eq, neq, in, is or isdistinct"};
}

std::string filter_query(const Filter& filter, const Column& column, const Api& api,
                         QueryParameters& parameters) {
  LeafBuilder leaf(column, api, parameters);
  switch (filter.op) {
    case Operator::kIs: {
      const std::string& word = filter.values.at(0);
      if (word == "null" || word == "not_null") {
        const bool present = (word == "not_null") != filter.negated;
        return present ? leaf.exists() : leaf.everything_but(leaf.exists());
      }
      if (column.type != ValueType::kBoolean) {
        throw Refusal(
            400, "42804",
            "argument of IS " + word + " must be type boolean, not type " + column.pg_type,
            "column " + api.path + "." + column.name);
      }
      if (word == "unknown")
        return filter.negated ? leaf.exists() : leaf.everything_but(leaf.exists());
      auto holds = leaf.is_boolean(word == "true");
      return filter.negated ? leaf.everything_but(std::move(holds)) : holds;
    }
    case Operator::kIsDistinct: {
      auto same = leaf.equals(filter.values.at(0));
      return filter.negated ? same : leaf.everything_but(std::move(same));
    }
    case Operator::kNeq: {
      auto same = leaf.equals(filter.values.at(0));
      return filter.negated ? same : leaf.exists_but(std::move(same));
    }
    case Operator::kEq: {
      auto same = leaf.equals(filter.values.at(0));
      return filter.negated ? leaf.exists_but(std::move(same)) : same;
    }
    case Operator::kIn: {
      // SQL: = ANY('{}') is false for NULL too, so its negation holds for every row.
      if (filter.values.empty()) return filter.negated ? "*:*" : leaf.nothing();
      auto among = leaf.among(filter.values);
      return filter.negated ? leaf.exists_but(std::move(among)) : among;
    }
    default: {
      if (!has_ordered_twin(column.type)) throw unordered(column, api);
      auto compared = leaf.compares(filter.op, filter.values.at(0));
      return filter.negated ? leaf.exists_but(std::move(compared)) : compared;
    }
  }
}

}  // namespace daas
