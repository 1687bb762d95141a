// What asks of an array's elements: multi-valued fields.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "serve/leaf_query.hpp"

namespace daas {
namespace {

/// In quotes within a range, where two characters are special. By their numbers: a backslash before the
/// closing quote would be taken for that quote's, even one that is escaped.
std::string range_literal(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') {
      quoted += "\\u0022";
    } else if (c == '\\') {
      quoted += "\\u005C";
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace

std::string LeafBuilder::contains(const std::vector<std::string>& texts, bool with_null) {
  // NULL equals nothing, so no array contains it.
  if (with_null) return nothing();
  if (texts.empty()) return exists();
  if (texts.size() > kMostClauses) {
    throw Refusal(400, "54000", "more than 500 values in one array", place_, "split the request");
  }
  std::string query = "{!bool";
  for (const auto& text : texts) query += " must=" + parameters_.query(equals(text));
  return query + "}";
}

std::string LeafBuilder::is_contained(const std::vector<std::string>& texts) {
  std::vector<std::string> twins;
  for (const auto& text : texts) twins.push_back(twin(text));
  // An array with a NULL in it is contained in none.
  std::string query = "{!bool must=" + parameters_.query(mark_ + ":true");
  for (auto& gap : gaps(std::move(twins))) query += " must_not=" + parameters_.query(std::move(gap));
  return query + "}";
}

std::vector<std::string> LeafBuilder::gaps(std::vector<std::string> twins) {
  std::vector<std::string> found;
  if (twins.size() > kMostClauses) {
    throw Refusal(400, "54000", "more than 500 values in one array", place_, "split the request");
  }
  if (type_ == ValueType::kBoolean) {
    for (const char* each : {"true", "false"}) {
      if (std::find(twins.begin(), twins.end(), each) == twins.end()) found.push_back(equals_twin(each));
    }
    return found;
  }
  if (is_string()) {
    std::sort(twins.begin(), twins.end());
    twins.erase(std::unique(twins.begin(), twins.end()), twins.end());
    const std::string* from = nullptr;
    for (const auto& twin : twins) {
      // Nothing is less than the empty text; as a bound it would be an open one.
      if (!twin.empty()) found.push_back(text_gap(from, &twin));
      from = &twin;
    }
    found.push_back(text_gap(from, nullptr));
    return found;
  }
  if (is_float()) {
    // NaN is beyond the open end of a range.
    const auto not_a_number = std::find(twins.begin(), twins.end(), "NaN");
    if (not_a_number == twins.end()) {
      found.push_back(equals_twin("NaN"));
    } else {
      twins.erase(std::remove(twins.begin(), twins.end(), "NaN"), twins.end());
    }
    std::sort(twins.begin(), twins.end(), [](const auto& a, const auto& b) {
      return std::strtod(a.c_str(), nullptr) < std::strtod(b.c_str(), nullptr);
    });
  } else {
    std::sort(twins.begin(), twins.end(), [](const auto& a, const auto& b) {
      return std::strtoll(a.c_str(), nullptr, 10) < std::strtoll(b.c_str(), nullptr, 10);
    });
  }
  std::string from = "*";
  for (const auto& twin : twins) {
    const bool zero = is_float() && is_zero(twin);
    found.push_back(field_ + ":{" + from + " TO " + range_literal(zero ? "-0.0" : twin) + "}");
    from = range_literal(zero ? "0.0" : twin);
  }
  found.push_back(field_ + ":{" + from + " TO *}");
  // Infinities are the ends of an open range, which leaves them out.
  if (is_float()) {
    for (const char* end : {"-Infinity", "Infinity"}) {
      if (std::find(twins.begin(), twins.end(), end) == twins.end()) found.push_back(equals_twin(end));
    }
  }
  return found;
}

std::string LeafBuilder::text_gap(const std::string* from, const std::string* to) {
  std::string range;
  if (from == nullptr) {
    range = "{*";
  } else if (from->empty()) {
    range = std::string("[\"\0\"", 4);  // the first text after the empty one
  } else {
    range = "{" + range_literal(*from);
  }
  range += " TO " + (to == nullptr ? std::string("*") : range_literal(*to)) + "}";
  return "{!lucene df=" + field_ + " v=" + parameters_.value(std::move(range)) + "}";
}

}  // namespace daas
