#include "serve/write_filter.hpp"

#include <algorithm>
#include <utility>

#include "core/array_text.hpp"
#include "core/value_parse.hpp"
#include "serve/filter_query.hpp"
#include "serve/text_pattern.hpp"

namespace daas {
namespace {

bool is_pattern(Operator op) {
  return op == Operator::kLike || op == Operator::kILike || op == Operator::kMatch || op == Operator::kIMatch;
}

const char* sql_operator(Operator op) {
  switch (op) {
    case Operator::kNeq: return "<>";
    case Operator::kGt: return ">";
    case Operator::kGte: return ">=";
    case Operator::kLt: return "<";
    case Operator::kLte: return "<=";
    case Operator::kLike: return "~~";
    case Operator::kILike: return "~~*";
    case Operator::kMatch: return "~";
    case Operator::kIMatch: return "~*";
    case Operator::kContains: return "@>";
    case Operator::kContained: return "<@";
    case Operator::kOverlaps: return "&&";
    case Operator::kEq:
    case Operator::kIn:
    case Operator::kIs:
    case Operator::kIsDistinct: return "=";
    case Operator::kFts:
    case Operator::kPlainFts:
    case Operator::kPhraseFts:
    case Operator::kWebFts: break;  // refused
  }
  return "";
}

bool is_textual(ValueType type) {
  return type == ValueType::kText || type == ValueType::kName || type == ValueType::kCharacter;
}

/// The conditions on one column.
class LeafCondition {
 public:
  LeafCondition(const ComparedColumn& compared, const Api& api, SqlParameters& parameters)
      : compared_(compared),
        api_(api),
        parameters_(parameters),
        element_(element_type(compared.column)),
        type_(element_.value_or(compared.column.type)),
        place_("column " + api.path + "." + compared.column.name + " is of type " + compared.column.pg_type) {}

  std::string condition(const Filter& filter) {
    check_operator(filter);
    if (filter.op == Operator::kIs) return is(filter.values.at(0));
    if (asks_elements(filter.op)) return of_array(filter);
    if (filter.quantifier != Filter::Quantifier::kNone) return quantified(filter);
    if (filter.op == Operator::kIn) return operand("=") + " ANY (" + list(filter, false) + ")";
    if (filter.op == Operator::kIsDistinct) {
      // The value is never null. IS DISTINCT FROM itself would look its operator up on the search_path.
      return "(" + operand("=") + " " + value(filter.values.at(0)) + ") IS NOT TRUE";
    }
    return operand(sql_operator(filter.op)) + " " +
           (is_pattern(filter.op) ? pattern(filter.op, filter.values.at(0)) : value(filter.values.at(0)));
  }

 private:
  void check_operator(const Filter& filter) const {
    if (asks_words(filter.op)) {
      // The words of a text are the search engine's, and PostgreSQL would find others.
      throw Refusal(400, "PGRST127", "Feature not implemented", "full text in the filter of a write", "read first, and name the rows by their key");
    }
    if (element_.has_value() != asks_elements(filter.op) && !(element_ && filter.op == Operator::kIs)) {
      throw no_such_operator(compared_.column, api_, !element_);
    }
    if (is_pattern(filter.op) && type_ != ValueType::kText && type_ != ValueType::kName) {
      throw no_pattern(compared_.column, api_);
    }
    const bool ordered = filter.op == Operator::kGt || filter.op == Operator::kGte || filter.op == Operator::kLt ||
                         filter.op == Operator::kLte;
    if (ordered && !has_ordered_twin(type_)) throw unordered(compared_.column, api_);
    if (filter.values.size() > kMostListed) {
      throw Refusal(400, "54000", "more than 10,000 values in one list", place_, "split the request");
    }
  }

  /// `t."c" COLLATE … OPERATOR(pg_catalog.=)`: what stands before the value.
  std::string operand(const std::string& op) const {
    std::string left = equal_operand(compared_);
    const bool equality = op == "=" || op == "<>";
    const bool folds = op == "~~*" || op == "~*";
    if (is_textual(type_) && folds) {
      left = column() + " COLLATE pg_catalog.\"C.utf8\"";
    } else if (is_textual(type_) && !equality) {
      left = column() + " COLLATE pg_catalog.\"C\"";
    }
    return left + " OPERATOR(pg_catalog." + op + ")";
  }

  std::string is(const std::string& word) const {
    if (word == "null") return column() + " IS NULL";
    if (word == "not_null") return column() + " IS NOT NULL";
    if (compared_.column.type != ValueType::kBoolean) {
      throw no_boolean(compared_.column, api_, word);
    }
    return column() + (word == "true" ? " IS TRUE" : word == "false" ? " IS FALSE" : " IS UNKNOWN");
  }

  std::string quantified(const Filter& filter) {
    std::string patterns_or_values;
    if (is_pattern(filter.op)) {
      std::vector<std::optional<std::string>> patterns;
      for (const auto& text : filter.values) patterns.emplace_back(checked_pattern(filter.op, text));
      if (filter.null_among_values) patterns.emplace_back(std::nullopt);
      patterns_or_values = parameters_.add(array_text(patterns)) + "::pg_catalog.text[]";
    } else {
      patterns_or_values = list(filter, filter.null_among_values);
    }
    return operand(sql_operator(filter.op)) + (filter.quantifier == Filter::Quantifier::kAny ? " ANY (" : " ALL (") +
           patterns_or_values + ")";
  }

  std::string of_array(const Filter& filter) {
    // @> of two arrays wants one type, which a column of varchar[] has with none of text[].
    const auto type = built_in_type(type_) + "[]";
    return column() + "::" + type + " OPERATOR(pg_catalog." + sql_operator(filter.op) + ") " +
           list(filter, filter.null_among_values);
  }

  std::string list(const Filter& filter, bool with_null) {
    std::vector<std::optional<std::string>> values;
    for (const auto& text : filter.values) {
      check(text);
      values.emplace_back(text);
    }
    if (with_null) values.emplace_back(std::nullopt);
    return parameters_.add(array_text(values)) + "::" + built_in_type(type_) + "[]";
  }

  std::string value(const std::string& text) {
    check(text);
    return parameters_.add(text) + "::" + built_in_type(type_);
  }

  /// Reads take no `today` and no other spelling that PostgreSQL would.
  void check(const std::string& text) const {
    const auto parsed = parse_value(type_, text);
    if (!parsed.ok()) throw Refusal(400, parsed.sqlstate, parsed.message, place_);
  }

  std::string pattern(Operator op, const std::string& text) {
    return parameters_.add(checked_pattern(op, text)) + "::pg_catalog.text";
  }

  /// What reads refuse is refused; what they take means the same.
  static std::string checked_pattern(Operator op, std::string text) {
    if (op == Operator::kMatch || op == Operator::kIMatch) {
      regex_pattern(text, op == Operator::kIMatch);
      return text;
    }
    op == Operator::kLike ? like_pattern(text) : ilike_pattern(text);
    std::replace(text.begin(), text.end(), '*', '%');
    return text;
  }

  std::string column() const { return "t." + quoted_identifier(compared_.target.source); }

  static constexpr std::size_t kMostListed = 10'000;

  const ComparedColumn& compared_;
  const Api& api_;
  SqlParameters& parameters_;
  std::optional<ValueType> element_;
  ValueType type_;  ///< of an array: its elements'
  std::string place_;
};

}  // namespace

std::string equal_operand(const ComparedColumn& compared) {
  auto operand = "t." + quoted_identifier(compared.target.source);
  // The labels: one that the type lacks equals nothing, as it does for reads.
  if (compared.column.type == ValueType::kEnum) return operand + "::pg_catalog.text";
  // Of a nondeterministic collation values may be equal that differ, as they don't for reads.
  if (!compared.target.deterministic && is_textual(compared.column.type)) operand += " COLLATE pg_catalog.\"C\"";
  return operand;
}

std::string built_in_type(ValueType type) {
  const auto name = [&] {
    switch (type) {
      case ValueType::kBoolean: return "bool";
      case ValueType::kInt2: return "int2";
      case ValueType::kInt4: return "int4";
      case ValueType::kInt8: return "int8";
      case ValueType::kFloat4: return "float4";
      case ValueType::kFloat8: return "float8";
      case ValueType::kNumeric: return "numeric";
      case ValueType::kUuid: return "uuid";
      case ValueType::kDate: return "date";
      case ValueType::kTimestamp: return "timestamp";
      case ValueType::kTimestampTz: return "timestamptz";
      case ValueType::kCharacter: return "bpchar";
      case ValueType::kTime: return "time";
      case ValueType::kInterval: return "interval";
      case ValueType::kBytea: return "bytea";
      case ValueType::kInet: return "inet";
      case ValueType::kMacaddr: return "macaddr";
      case ValueType::kMacaddr8: return "macaddr8";
      case ValueType::kBit: return "varbit";
      case ValueType::kOid: return "oid";
      default: return "text";  // names, too: a cast to name would cut a longer value
    }
  };
  return std::string("pg_catalog.") + name();
}

std::string filter_condition(const Filter& filter, const Api& api,
                             const std::function<ComparedColumn(const std::string&)>& column, SqlParameters& parameters) {
  std::string condition;
  if (filter.logic == Filter::Logic::kNone) {
    const auto compared = column(filter.column);
    condition = LeafCondition(compared, api, parameters).condition(filter);
  } else {
    for (const auto& part : filter.parts) {
      if (!condition.empty()) condition += filter.logic == Filter::Logic::kAnd ? " AND " : " OR ";
      condition += filter_condition(part, api, column, parameters);
    }
  }
  return (filter.negated ? "(NOT (" : "((") + condition + "))";
}

}  // namespace daas
