#include "core/column_list.hpp"

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/text_language.hpp"

namespace daas {
namespace {

using nlohmann::json;

std::string string_or_empty(const json& item, const char* member) {
  const auto found = item.find(member);
  return found != item.end() && found->is_string() ? found->get<std::string>() : std::string();
}

json string_or_null(std::string_view text) {
  return text.empty() ? json() : json(text);
}

}  // namespace

std::vector<Column> parse_columns(std::string_view text) {
  try {
    std::vector<Column> columns;
    for (const auto& item : json::parse(text)) {
      Column column;
      column.name = item.at("name").get<std::string>();
      column.pg_type = item.at("type").get<std::string>();
      column.type = value_type_named(string_or_empty(item, "value"));
      column.source = string_or_empty(item, "source");
      column.language = string_or_empty(item, "language");
      if (!column.language.empty() && !is_text_language(column.language)) {
        throw Error(Remedy::kStop, "column \"" + column.name + "\" is to be searched in \"" + column.language + "\", a language that this daas-indexer does not know",
                    "ALTER EXTENSION daas UPDATE, and a daas-indexer of the same version");
      }
      columns.push_back(std::move(column));
    }
    return columns;
  } catch (const json::exception& error) {
    throw Error(Remedy::kStop, std::string("a model's columns can't be read: ") + error.what(),
                "ALTER EXTENSION daas UPDATE");
  }
}

std::string columns_json(const std::vector<Column>& columns) {
  auto list = json::array();
  for (const auto& column : columns) {
    list.push_back({{"name", column.name},
                    {"type", column.pg_type},
                    {"value", string_or_null(value_type_name(column.type))},
                    {"source", string_or_null(column.source)}});
    if (!column.language.empty()) list.back()["language"] = column.language;
  }
  return list.dump();
}

}  // namespace daas
