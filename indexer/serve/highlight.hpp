// What was found in the texts of rows, put into them.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace daas {

/// Solr tells of highlights behind all rows, by id; the answer has them in the rows.
class Highlights {
 public:
  /// @param columns name and Solr field of each column; empty: nothing is done
  explicit Highlights(const std::vector<std::pair<std::string, std::string>>& columns) : columns_(columns) {}

  /// @param end of the row in the body, before its closing brace
  void row(std::string_view id, std::size_t end);
  /// @throws simdjson::simdjson_error
  void read(simdjson::ondemand::object highlighting);
  /// Adds `"_highlight":{"column":["…<mark>…"],…}` to each row: every column, without snippets when nothing was found.
  void put_into(std::string& body) const;

 private:
  std::string member(const std::vector<std::string>& snippets) const;

  const std::vector<std::pair<std::string, std::string>>& columns_;
  std::vector<std::pair<std::string, std::size_t>> rows_;
  std::unordered_map<std::string, std::string> found_;  ///< JSON by id
};

}  // namespace daas
