#include "serve/scope_rule.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/value_parse.hpp"

namespace daas {
namespace {

using nlohmann::json;

constexpr std::size_t kMostValues = 10'000;
constexpr std::size_t kMostBytes = 64 * 1024;

bool is_integer_type(ValueType type) {
  return type == ValueType::kInt2 || type == ValueType::kInt4 || type == ValueType::kInt8;
}

bool can_scope(ValueType type) {
  return is_integer_type(type) || type == ValueType::kText || type == ValueType::kUuid ||
         type == ValueType::kBoolean;
}

/// The claim value's text when its JSON type fits the column's type.
std::optional<std::string> claim_text(const json& value, ValueType type) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer() && (is_integer_type(type) || type == ValueType::kText)) {
    return value.is_number_unsigned() ? std::to_string(value.get<std::uint64_t>())
                                      : std::to_string(value.get<std::int64_t>());
  }
  if (value.is_boolean() && type == ValueType::kBoolean)
    return value.get<bool>() ? "true" : "false";
  return std::nullopt;
}

/// Appends the value's twin, or says why it is denied. @param bytes grows by what the longer of the two takes: a
/// long text's twin is short
std::optional<std::string> add_value(ScopeFilter& filter, const json& value, ValueType type, std::size_t& bytes) {
  const auto text = claim_text(value, type);
  if (!text) return "has a value of a JSON type that does not fit the column";
  if (text->empty()) return "has an empty value";
  if (text->find(kScopeSeparator) != std::string::npos || text->find('\0') != std::string::npos) {
    return "has a value with a control character that is not allowed";
  }
  auto parsed = parse_value(type, *text);
  if (!parsed.ok()) return "has a value that is not of the column's type";
  if (parsed.twin.empty() || parsed.twin.find(kScopeSeparator) != std::string::npos) {
    return "has a value that can't be filtered by";
  }
  bytes += std::max(text->size(), parsed.twin.size()) + 1;
  filter.values.push_back(std::move(parsed.twin));
  return std::nullopt;
}

}  // namespace

std::variant<std::vector<ScopeFilter>, ScopeDenial> scope_filters(const Api& api,
                                                                  const json& claims) {
  std::vector<ScopeFilter> filters;
  for (const auto& [column_name, claim] : api.scope) {
    const auto deny = [&, &claim = claim](std::string reason) {
      return ScopeDenial{claim, std::move(reason)};
    };

    const Column* column = api.column(column_name);
    if (column == nullptr || !can_scope(column->type))
      return deny("scopes a column that can't be filtered by");
    if (!claims.is_object()) return deny("is missing");
    const auto found = claims.find(claim);
    if (found == claims.end()) return deny("is missing");
    if (found->is_null()) return deny("is null");
    if (found->is_object()) return deny("is an object");

    ScopeFilter filter{solr_field(*column), {}};
    std::size_t bytes = 0;
    if (found->is_array()) {
      if (found->empty()) return deny("is empty");
      if (found->size() > kMostValues) return deny("has more than 10,000 values");
      for (const json& value : *found) {
        if (auto reason = add_value(filter, value, column->type, bytes)) return deny(*std::move(reason));
      }
    } else if (auto reason = add_value(filter, *found, column->type, bytes)) {
      return deny(*std::move(reason));
    }

    if (bytes > kMostBytes) return deny("is longer than 64 KB");
    filters.push_back(std::move(filter));
  }
  return filters;
}

}  // namespace daas
