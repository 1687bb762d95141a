#include "serve/column_operators.hpp"

namespace daas {
namespace {

bool scalar(const Column& column) {
  return twin_suffix(column.type).has_value();
}

bool words(const Column& column) {
  return !column.language.empty();
}

bool array(const Column& column) {
  return element_type(column).has_value();
}

bool pattern(const Column& column) {
  return column.type == ValueType::kText || column.type == ValueType::kName;
}

struct OperatorRule {
  ColumnOperator op;
  bool (*applies)(const Column&);
};

constexpr OperatorRule kRules[] = {
    {{"eq", true}, scalar},     {{"neq"}, scalar},          {{"gt", true}, can_order},
    {{"gte", true}, can_order}, {{"lt", true}, can_order},  {{"lte", true}, can_order},
    {{"in"}, scalar},           {{"is"}, can_filter},       {{"isdistinct"}, scalar},
    {{"like", true}, pattern},  {{"ilike", true}, pattern}, {{"match", true}, pattern},
    {{"imatch", true}, pattern}, {{"cs"}, array},           {{"cd"}, array},
    {{"ov"}, array},
    {{"fts"}, words},           {{"plfts"}, words},         {{"phfts"}, words},
    {{"wfts"}, words},
};

/// A value of the type.
std::string_view sample_value(ValueType type) {
  switch (type) {
    case ValueType::kBoolean: return "true";
    case ValueType::kInt2:
    case ValueType::kInt4:
    case ValueType::kInt8:
    case ValueType::kOid: return "60";
    case ValueType::kFloat4:
    case ValueType::kFloat8:
    case ValueType::kNumeric: return "1.5";
    case ValueType::kText:
    case ValueType::kName:
    case ValueType::kCharacter:
    case ValueType::kEnum: return "abc";
    case ValueType::kUuid: return "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    case ValueType::kDate: return "2024-02-29";
    case ValueType::kTimestamp: return "2024-02-29T12:00:00";
    case ValueType::kTimestampTz: return "2024-02-29T12:00:00Z";
    case ValueType::kTime: return "12:00:00";
    case ValueType::kInterval: return "1 day";
    case ValueType::kBytea: return "\\x00ff";
    case ValueType::kInet: return "10.0.0.0/8";
    case ValueType::kMacaddr: return "08:00:2b:01:02:03";
    case ValueType::kMacaddr8: return "08:00:2b:01:02:03:04:05";
    case ValueType::kBit: return "101";
    case ValueType::kJsonb:
    case ValueType::kJson:
    case ValueType::kQuoted:
    case ValueType::kWrapped: return {};
  }
  return {};
}

}  // namespace

bool can_order(const Column& column) {
  return has_ordered_twin(column.type);
}

std::vector<ColumnOperator> column_operators(const Column& column) {
  std::vector<ColumnOperator> operators;
  for (const auto& rule : kRules) {
    if (rule.applies(column)) operators.push_back(rule.op);
  }
  return operators;
}

std::string sample_filter(const Column& column) {
  if (const auto element = element_type(column)) {
    // A backslash escapes in an array's literal.
    std::string value(sample_value(*element));
    if (value.starts_with('\\')) value.insert(0, 1, '\\');
    return "cs.{" + value + "}";
  }
  const auto value = sample_value(column.type);
  if (value.empty()) return {};
  const bool compare = can_order(column) && column.type != ValueType::kBoolean && column.type != ValueType::kText;
  return (compare ? "gte." : "eq.") + std::string(value);
}

}  // namespace daas
