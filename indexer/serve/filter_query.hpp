// Filters of a request to Solr queries: the leaf forms. Pure.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "serve/api.hpp"
#include "serve/refusal.hpp"
#include "serve/request.hpp"

namespace daas {

/// Gathers the generated parameters of one request: queries f0, f1, … and values v0, v1, ….
class QueryParameters {
 public:
  /// Adds a query, and names it "$fN".
  std::string query(std::string text);
  /// Adds a user's value, raw, and names it "$vN".
  std::string value(std::string raw);

  /// A query of texts' words, which a highlighter may show.
  std::string words(std::string text) {
    words_.push_back(query(std::move(text)));
    return words_.back();
  }
  const std::vector<std::string>& all_words() const { return words_; }

  std::size_t query_count() const { return queries_; }
  std::vector<std::pair<std::string, std::string>> take() { return std::move(parameters_); }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
  std::vector<std::string> words_;
  std::size_t queries_ = 0;
  std::size_t values_ = 0;
};

/// 400: the column's values can be compared for equality only.
Refusal unordered(const Column& column, const Api& api);

/// 400: what arrays can't be asked, or only they can.
/// @param elements of which kind the operator is
Refusal no_such_operator(const Column& column, const Api& api, bool elements);
/// 400: a pattern on what is no text.
Refusal no_pattern(const Column& column, const Api& api);
/// 400: IS true, false or unknown on what is no boolean.
Refusal no_boolean(const Column& column, const Api& api, const std::string& word);

/// The query of one filter with SQL's meaning of NULL: no operator but is and isdistinct holds for
/// a missing value, negated or not. `$all` (*:*) must be among the request's parameters.
/// @throws Refusal 400 for a value that isn't one of the column's type, with PostgreSQL's words
std::string filter_query(const Filter& filter, const Column& column, const Api& api,
                         QueryParameters& parameters);

/// The query of a filter or a tree of them, or of its negation.
/// @param column finds a column by name, or throws
std::string tree_query(const Filter& filter, bool negated, const Api& api,
                       const std::function<const Column&(const std::string&)>& column,
                       QueryParameters& parameters);

}  // namespace daas
