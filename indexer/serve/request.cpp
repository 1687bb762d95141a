#include "serve/request.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

#include "serve/filter_grammar.hpp"
#include "serve/read_headers.hpp"

namespace daas {
namespace {

constexpr std::string_view kLaterParameters[] = {"columns", "on_conflict"};
constexpr std::string_view kOnce[] = {"select", "order", "limit", "offset", "_cursor", "_facet", "_q", "_highlight"};

struct Junction {
  std::string_view name;
  bool negated;
  Filter::Logic logic;
};
constexpr Junction kJunctions[] = {{"and", false, Filter::Logic::kAnd},
                                   {"or", false, Filter::Logic::kOr},
                                   {"not.and", true, Filter::Logic::kAnd},
                                   {"not.or", true, Filter::Logic::kOr}};

bool lists(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <std::size_t N>
bool contains(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

std::vector<Selection> parse_select(std::string_view text) {
  std::vector<Selection> select;
  TextCursor cursor(text);
  do {
    cursor.skip_blanks();
    if (cursor.take("*")) {
      select.emplace_back();
      cursor.skip_blanks();
    } else if (cursor.take("...")) {
      throw Refusal(400, "PGRST200", "Could not find a relationship in the schema cache",
                    "an API has no relationships");
    } else {
      Selection selection;
      selection.column = selection.name = take_name(cursor, "select parameter", text);
      if (cursor.peek() == ':' && !cursor.rest().starts_with("::")) {
        cursor.skip(1);
        selection.column = take_name(cursor, "select parameter", text);
      }
      if (cursor.take("::")) {
        selection.cast = lower_ascii(cursor.take_until(",.(:"));
        selection.cast.erase(selection.cast.find_last_not_of(' ') + 1);
        if (selection.cast.empty()) throw parse_failure("select parameter", cursor, text, "expecting a type after \"::\"");
      }
      if (cursor.peek() == '.')
        throw Refusal(400, "PGRST123", "Use of aggregate functions is not allowed");
      if (cursor.peek() == '(' || cursor.peek() == '!') {
        throw Refusal(
            400, "PGRST200",
            "Could not find a relationship '" + selection.column + "' in the schema cache",
            "an API has no relationships: join in the model's query");
      }
      select.push_back(std::move(selection));
    }
    if (!cursor.done() && cursor.peek() != ',') {
      throw parse_failure("select parameter", cursor, text, "expecting \",\" or the end");
    }
  } while (cursor.take(","));
  return select;
}

std::vector<OrderTerm> parse_order(std::string_view text) {
  std::vector<OrderTerm> order;
  TextCursor cursor(text);
  do {
    OrderTerm term;
    term.column = take_name(cursor, "order", text);
    bool direction = false;
    while (cursor.take(".")) {
      const auto word = cursor.take_until(",.");
      if (!direction && !term.nulls_first && (word == "asc" || word == "desc")) {
        direction = true;
        term.descending = word == "desc";
      } else if (!term.nulls_first && (word == "nullsfirst" || word == "nullslast")) {
        term.nulls_first = word == "nullsfirst";
      } else {
        throw parse_failure(
            "order", cursor, text,
            "unexpected \"" + std::string(word) +
                "\" expecting asc, desc, nullsfirst or nullslast, each once, in this order");
      }
    }
    if (!cursor.done() && cursor.peek() != ',') {
      throw parse_failure("order", cursor, text, "expecting \".\", \",\" or the end");
    }
    order.push_back(std::move(term));
  } while (cursor.take(","));
  return order;
}

std::vector<std::string> parse_names(std::string_view what, std::string_view text) {
  std::vector<std::string> names;
  TextCursor cursor(text);
  do {
    auto name = take_name(cursor, what, text);
    if (!lists(names, name)) names.push_back(std::move(name));
    if (!cursor.done() && cursor.peek() != ',') throw parse_failure(what, cursor, text, "expecting \",\" or the end");
  } while (cursor.take(","));
  return names;
}

std::uint64_t parse_count(std::string_view name, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size()) return value;
  const bool negative = text.size() > 1 && text[0] == '-' &&
                        text.find_first_not_of("0123456789", 1) == std::string_view::npos;
  if (negative) {
    throw Refusal(416, "PGRST103", "Requested range not satisfiable",
                  std::string(name == "limit" ? "Limit" : "Offset") +
                      " should be greater than or equal to zero.");
  }
  throw Refusal(400, "PGRST100",
                "failed to parse " + std::string(name) + " parameter (" + std::string(text) + ")",
                "expecting a whole number, zero or more");
}

/// Every column in it must be one that may be asked for.
void check_columns(const Filter& filter, const std::function<void(const std::string&)>& check) {
  if (filter.logic == Filter::Logic::kNone) return check(filter.column);
  for (const auto& part : filter.parts) check_columns(part, check);
}

}  // namespace

Refusal parse_failure(std::string_view what, const TextCursor& at, std::string_view text,
                      std::string details) {
  return Refusal(400, "PGRST100",
                 "\"failed to parse " + std::string(what) + " (" + std::string(text) +
                     ")\" (line 1, column " + std::to_string(at.column()) + ")",
                 std::move(details));
}

Refusal not_implemented(std::string details) {
  return Refusal(400, "PGRST127", "Feature not implemented", std::move(details));
}

std::string take_name(TextCursor& cursor, std::string_view what, std::string_view text) {
  cursor.skip_blanks();
  std::string name;
  if (auto quoted = cursor.take_quoted()) {
    name = *std::move(quoted);
  } else {
    name = cursor.take_until(",:.()\"!*");
    if (const auto arrow = name.find("->"); arrow != std::string::npos) {
      throw not_implemented("JSON paths (->) in " + std::string(what) +
                            "; ask for the whole column");
    }
    name.erase(name.find_last_not_of(' ') + 1);
  }
  cursor.skip_blanks();
  if (name.empty()) throw parse_failure(what, cursor, text, "expecting a column's name");
  return name;
}

ApiRequest parse_read(const Target& target, const ReadHeaders& headers, std::string_view api,
                      const std::vector<std::string>& filterable,
                      const std::vector<std::string>& readable) {
  ApiRequest request;
  std::vector<std::string_view> seen;
  const auto once = [&](std::string_view name) {
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) {
      throw Refusal(400, "PGRST100", "parameter \"" + std::string(name) + "\" is given twice");
    }
    seen.push_back(name);
  };

  const auto check = [&](const std::string& column) {
    if (lists(filterable, column) || lists(readable, column)) return;
    throw Refusal(
        400, "42703", "column " + std::string(api) + "." + column + " does not exist",
        "this API can be filtered by: " + listed(filterable),
        "other parameters are select, order, limit, offset, and, or, not.and, not.or, _cursor, _facet, _q and _highlight");
  };
  for (const auto& [name, value] : target.parameters) {
    if (contains(kOnce, name)) {
      once(name);
      // An empty list is the default, as in PostgREST.
      if (name == "select" && !value.empty()) request.select = parse_select(value);
      if (name == "order") request.order = parse_order(value);
      if (name == "limit") request.limit = parse_count(name, value);
      if (name == "offset") request.offset = parse_count(name, value);
      if (name == "_cursor") request.cursor = value;
      if (name == "_q" && !value.empty()) request.search = value;
      if (name == "_highlight") request.highlight = parse_names(name, value);
      if (name == "_facet") request.facets = parse_facets(value);
      continue;
    }
    if (contains(kLaterParameters, name)) throw not_implemented("parameter \"" + name + "\"");

    const auto junction = std::find_if(std::begin(kJunctions), std::end(kJunctions),
                                       [&](const Junction& one) { return one.name == name; });
    if (junction != std::end(kJunctions)) {
      request.filters.push_back(parse_tree(junction->negated, junction->logic, value));
      check_columns(request.filters.back(), check);
      continue;
    }
    std::string column = name;
    TextCursor cursor(name);
    if (auto quoted = cursor.take_quoted(); quoted && cursor.done()) column = *std::move(quoted);
    check(column);
    request.filters.push_back(parse_filter(std::move(column), value));
  }
  apply_headers(request, headers);
  if (!request.highlight.empty() && request.format == Format::kCsv) {
    throw Refusal(406, "PGRST107", "highlights are answered as JSON only", {}, "leave out _highlight, or the Accept header");
  }
  if (!request.facets.empty() && request.format != Format::kArray) {
    throw Refusal(406, "PGRST107", "facets are answered as application/json only", {}, "leave out _facet, or the Accept header");
  }
  if (request.cursor && request.offset != 0) {
    throw Refusal(400, "PGRST100", "_cursor and an offset exclude each other", {},
                  "leave out offset and Range: the cursor says where to go on");
  }
  return request;
}

}  // namespace daas
