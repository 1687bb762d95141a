#include "serve/highlight.hpp"

#include <nlohmann/json.hpp>

#include "serve/plan.hpp"

namespace daas {

void Highlights::row(std::string_view id, std::size_t end) {
  if (!columns_.empty()) rows_.emplace_back(id, end);
}

std::string Highlights::member(const std::vector<std::string>& snippets) const {
  std::string text = '"' + std::string(kHighlightMember) + "\":{";
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    text += (i == 0 ? "" : ",") + nlohmann::json(columns_[i].first).dump() + ":" + snippets[i];
  }
  return text += '}';
}

void Highlights::read(simdjson::ondemand::object highlighting) {
  for (auto entry : highlighting) {
    const std::string id(std::string_view(entry.unescaped_key()));
    std::vector<std::string> snippets(columns_.size(), "[]");
    for (auto field : entry.value().get_object()) {
      const std::string_view name = field.unescaped_key();
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (name != columns_[i].second) continue;
        simdjson::ondemand::array list = field.value().get_array();
        snippets[i] = std::string_view(list.raw_json());
      }
    }
    found_.emplace(id, member(snippets));
  }
}

void Highlights::put_into(std::string& body) const {
  if (rows_.empty()) return;
  const auto nothing = member(std::vector<std::string>(columns_.size(), "[]"));
  std::string whole;
  std::size_t from = 0;
  for (const auto& [id, end] : rows_) {
    whole.append(body, from, end - from);
    if (whole.back() != '{') whole += ',';
    const auto found = found_.find(id);
    whole += found == found_.end() ? nothing : found->second;
    from = end;
  }
  body = whole.append(body, from);
}

}  // namespace daas
