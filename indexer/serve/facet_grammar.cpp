#include <algorithm>
#include <charconv>

#include "serve/facet.hpp"
#include "serve/request.hpp"

namespace daas {
namespace {

constexpr std::size_t kMostFacets = 16;
constexpr std::uint64_t kMostBuckets = 1000;
constexpr std::string_view kWhat = "facet";

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// A quoted text, or all before `stop`.
std::string take_text(TextCursor& cursor, std::string_view stop) {
  cursor.skip_blanks();
  std::string text;
  if (auto quoted = cursor.take_quoted()) {
    text = *std::move(quoted);
  } else {
    const auto end = std::min(cursor.rest().find(stop), cursor.rest().size());
    text = trimmed(cursor.rest().substr(0, end));
    cursor.skip(end);
  }
  cursor.skip_blanks();
  return text;
}

void parse_arguments(TextCursor& cursor, std::string_view text, Facet& facet) {
  const auto digits = cursor.rest().substr(0, cursor.rest().find_first_not_of("0123456789"));
  if (!digits.empty() && cursor.rest().substr(digits.size()).starts_with(")")) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), facet.most);
    if (error != std::errc{} || facet.most < 1 || facet.most > kMostBuckets) {
      throw Refusal(400, "54000", "a facet has from 1 to 1,000 buckets", "asked for were " + std::string(digits));
    }
    cursor.skip(digits.size());
    return;
  }
  facet.from = take_text(cursor, "..");
  const bool to = cursor.take("..");
  if (to) facet.to = take_text(cursor, ",");
  if (to && cursor.take(",")) facet.step = take_text(cursor, ")");
  if (facet.step.empty()) {
    throw parse_failure(kWhat, cursor, text, "expecting a number of buckets, or a range: name(0..100,10), name(2024-01-01..2025-01-01,1 month)");
  }
}

}  // namespace

std::vector<Facet> parse_facets(std::string_view text) {
  std::vector<Facet> facets;
  TextCursor cursor(text);
  do {
    Facet facet;
    facet.name = facet.column = take_name(cursor, kWhat, text);
    if (cursor.take(":")) facet.column = take_name(cursor, kWhat, text);
    if (cursor.take("(")) {
      parse_arguments(cursor, text, facet);
      if (!cursor.take(")")) throw parse_failure(kWhat, cursor, text, "expecting \")\"");
      cursor.skip_blanks();
    }
    if (!cursor.done() && cursor.peek() != ',') throw parse_failure(kWhat, cursor, text, "expecting \",\" or the end");
    const auto same = [&](const Facet& other) { return other.name == facet.name; };
    if (std::any_of(facets.begin(), facets.end(), same)) {
      throw Refusal(400, "42701", "facet \"" + facet.name + "\" is asked for twice", {}, "give one of them an alias: other:" + facet.column);
    }
    facets.push_back(std::move(facet));
    if (facets.size() > kMostFacets) throw Refusal(400, "54000", "more than 16 facets in one request");
  } while (cursor.take(","));
  return facets;
}

}  // namespace daas
