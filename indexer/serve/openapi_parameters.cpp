#include <algorithm>
#include <iterator>

#include "serve/column_operators.hpp"
#include "serve/openapi_parts.hpp"
#include "serve/plan.hpp"

namespace daas {
namespace {

using nlohmann::ordered_json;

enum class Of : std::uint8_t { kReads, kGet, kTexts };  ///< kTexts: of APIs with columns to search

struct SharedParameter {
  const char* name;
  const char* in;
  Of of;
  const char* schema;  ///< JSON
  const char* description;
  const char* example = nullptr;
  bool may_be_empty = false;
};

constexpr const char* kText = R"({"type":"string"})";
constexpr const char* kTree = R"({"type":"string","pattern":"^\\([\\s\\S]*\\)$"})";
constexpr const char* kTreeText =
    "`(a.eq.1,and(b.gt.2,c.not.is.null))`: conditions, COLUMN.OPERATOR.VALUE, and trees of them, up to 24 levels. A value stands in"
    " double quotes when it holds a comma or a parenthesis.";

// A column of the same name as a query parameter is named in quotes.
constexpr SharedParameter kParameters[] = {
    {"limit", "query", Of::kReads, R"({"type":"integer","minimum":0})",
     "At most so many rows; never more than the API's own limit.", "20"},
    {"offset", "query", Of::kReads, R"({"type":"integer","minimum":0,"maximum":10000})",
     "Leaves out so many rows at the beginning. offset + limit is at most 10,000; `_cursor` goes farther."},
    {"_cursor", "query", Of::kReads, kText,
     "Empty for the first page of a walk over everything, then the `Daas-Cursor` of the page before. Excludes `offset` and `Range`.",
     nullptr, true},
    {"_q", "query", Of::kTexts, kText, "Rows that have these words in any of the searched columns: words, `\"a phrase\"`, `or`, `-not`.", "word", true},
    {"_highlight", "query", Of::kTexts, kText,
     "Searched columns, `title,body`: each row gets `_highlight` with the places where `_q` or a text operator found something, as HTML."},
    {"_facet", "query", Of::kReads, kText,
     "Counts beside the rows, `column`, `column(25)` or `alias:column(0..100,10)`: with it the body is an object of `rows` and `facets`."},
    {"and", "query", Of::kReads, kTree, kTreeText},
    {"or", "query", Of::kReads, kTree, kTreeText},
    {"not.and", "query", Of::kReads, kTree, kTreeText},
    {"not.or", "query", Of::kReads, kTree, kTreeText},
    {"Prefer", "header", Of::kReads, kText,
     "`count=exact` (also `planned`, `estimated`) counts all rows in Content-Range; `wait=SECONDS` shortens the wait for"
     " Daas-Min-Position; `handling=strict` refuses preferences that there are not.", "count=exact"},
    {"Range", "header", Of::kGet, kText, "`0-19` or `20-`: rows, as `offset` and `limit`.", "0-19"},
    {"Daas-Min-Position", "header", Of::kReads, R"({"type":"string","pattern":"^([0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8})?$"})",
     "A position of PostgreSQL's WAL: the answer holds at least what was committed up to there, or is 504."},
    {"If-None-Match", "header", Of::kReads, kText, "An ETag that is there already: 304 when the answer still has it."},
};

/// Names that belong to the dialect, whether or not it has them here.
bool is_reserved(const std::string& name) {
  constexpr std::string_view kOthers[] = {"select", "order", "columns", "on_conflict"};
  return std::find(std::begin(kOthers), std::end(kOthers), name) != std::end(kOthers) ||
         std::any_of(std::begin(kParameters), std::end(kParameters),
                     [&](const SharedParameter& parameter) { return parameter.name == name; });
}

/// As the dialect takes any name; quotes never hurt.
std::string name_text(const std::string& name) {
  const bool bare = name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
                        std::string::npos &&
                    !name.starts_with('_') && !is_reserved(name);
  if (bare) return name;
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

/// Keys of components are of [A-Za-z0-9._-]; other bytes become `.xHH`, and a dot `.x2E`.
std::string key_text(const std::string& name) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string key;
  for (const char c : name) {
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_') {
      key += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    key += ".x";
    key += kHex[byte >> 4];
    key += kHex[byte & 15];
  }
  return key;
}

/// Writes ask for no words: a column with a language has a filter of its own for them.
std::string filter_key(const Api& api, const Column& column, bool write = false) {
  return (write && !column.language.empty() ? "where." : "filter.") + api.path + "." + key_text(column.name);
}

std::string listed(const std::vector<std::string>& names, std::size_t most, const char* between) {
  std::string text;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i) text += (i == 0 ? "" : between) + name_text(names[i]);
  return text;
}

ordered_json query_parameter(const std::string& name, std::string description, const std::string& example) {
  ordered_json parameter;
  parameter["name"] = name;
  parameter["in"] = "query";
  parameter["description"] = std::move(description);
  parameter["schema"] = {{"type", "string"}};
  if (!example.empty()) parameter["example"] = example;
  return parameter;
}

ordered_json filter_parameter(const Column& column, const std::vector<ColumnOperator>& operators) {
  std::string names, quantifiable, alternatives;
  for (const auto& each : operators) {
    names.append(names.empty() ? "" : ", ").append(each.name);
    alternatives.append(alternatives.empty() ? "" : "|").append(each.name);
    if (each.quantifiable) quantifiable.append(quantifiable.empty() ? "" : ", ").append(each.name);
  }
  auto text = "OPERATOR.VALUE or not.OPERATOR.VALUE; operators of `" + column.pg_type + "`: " + names + ".";
  if (!quantifiable.empty()) text += " With (any) or (all) and a list in braces: " + quantifiable + ".";
  auto parameter = query_parameter(name_text(column.name), std::move(text), sample_filter(column));
  parameter["schema"]["pattern"] = "^(not\\.)?(" + alternatives + ")(\\((any|all" + (column.language.empty() ? "" : "|" + column.language) + ")\\))?\\.";
  auto& list = parameter["x-operators"] = ordered_json::array();
  for (const auto& each : operators) list.push_back(each.name);
  return parameter;
}

bool has_texts(const Api& api) {
  return std::any_of(api.columns.begin(), api.columns.end(),
                     [&](const Column& column) { return !column.language.empty() && api.may_filter(column.name); });
}

/// Calls visit(column, its operators) for each column that may be filtered by.
template <typename Visit>
void each_filter(const Api& api, const Visit& visit) {
  for (const auto& name : api.filters) {
    const Column* const column = api.column(name);
    if (column == nullptr) continue;
    if (const auto operators = column_operators(*column); !operators.empty()) visit(*column, operators);
  }
}

}  // namespace

ordered_json shared_parameters() {
  ordered_json parameters;
  for (const auto& each : kParameters) {
    auto& parameter = parameters[each.name];
    parameter["name"] = each.name;
    parameter["in"] = each.in;
    parameter["description"] = each.description;
    parameter["schema"] = ordered_json::parse(each.schema);
    if (each.may_be_empty) parameter["allowEmptyValue"] = true;
    if (each.example == nullptr) continue;
    const bool text = parameter["schema"]["type"] == "string";
    parameter["example"] = text ? ordered_json(each.example) : ordered_json::parse(each.example);
  }
  return parameters;
}

void append_parameters(ordered_json& parameters, const Api& api) {
  std::vector<std::string> fields, ordered;
  for (const auto& field : api.fields) {
    if (api.column(field) != nullptr) fields.push_back(field);
  }
  each_filter(api, [&](const Column& column, const std::vector<ColumnOperator>& operators) {
    append_member(parameters, filter_key(api, column), filter_parameter(column, operators));
    if (can_order(column)) ordered.push_back(column.name);
  });
  append_member(parameters, "select." + api.path, query_parameter(
      "select",
      "Columns in this order, by default all: `a,name:b,c::text,*` renames b and casts c. The row's schema is that of columns"
      " that are neither renamed nor cast.",
      listed(fields, 3, ",")));
  append_member(parameters, "order." + api.path, query_parameter(
      "order",
      ordered.empty() ? std::string("Nothing can be ordered by here; rows come in the order of their keys.")
                      : "`a.desc.nullslast,b`. Columns: " + listed(ordered, ordered.size(), ", ") + ".",
      ordered.empty() ? std::string() : name_text(ordered.front()) + ".desc"));
}

ordered_json read_parameters(const Api& api, bool head) {
  auto references = ordered_json::array();
  references.push_back(openapi_reference("parameters", "select." + api.path));
  references.push_back(openapi_reference("parameters", "order." + api.path));
  for (const auto& each : kParameters) {
    if ((head && each.of == Of::kGet) || (each.of == Of::kTexts && !has_texts(api))) continue;
    references.push_back(openapi_reference("parameters", each.name));
  }
  each_filter(api, [&](const Column& column, const std::vector<ColumnOperator>&) {
    references.push_back(openapi_reference("parameters", filter_key(api, column)));
  });
  return references;
}

void append_write_filters(ordered_json& parameters, const Api& api) {
  each_filter(api, [&](const Column& column, const std::vector<ColumnOperator>&) {
    if (column.language.empty()) return;
    auto wordless = column;
    wordless.language.clear();
    append_member(parameters, filter_key(api, column, true), filter_parameter(wordless, column_operators(wordless)));
  });
}

void append_write_conditions(ordered_json& references, const Api& api) {
  for (const char* tree : {"and", "or", "not.and", "not.or"}) references.push_back(openapi_reference("parameters", tree));
  each_filter(api, [&](const Column& column, const std::vector<ColumnOperator>&) {
    references.push_back(openapi_reference("parameters", filter_key(api, column, true)));
  });
}

}  // namespace daas
