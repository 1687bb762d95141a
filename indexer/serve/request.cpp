#include "serve/request.hpp"

#include <algorithm>
#include <charconv>
#include <span>

#include "serve/text_cursor.hpp"

namespace daas {
namespace {

struct OperatorName {
  std::string_view name;
  Operator op;
};
constexpr OperatorName kOperators[] = {
    {"eq", Operator::kEq},   {"neq", Operator::kNeq}, {"gt", Operator::kGt},
    {"gte", Operator::kGte}, {"lt", Operator::kLt},   {"lte", Operator::kLte},
    {"in", Operator::kIn},   {"is", Operator::kIs},   {"isdistinct", Operator::kIsDistinct},
};
// Words of the dialect that have no leaf yet: told apart from misspelt ones.
constexpr std::string_view kLaterOperators[] = {
    "like", "ilike", "match", "imatch", "fts", "plfts", "phfts", "wfts",
    "cs",   "cd",    "ov",    "sl",     "sr",  "nxr",   "nxl",   "adj",
};
constexpr std::string_view kLaterParameters[] = {"or",      "and",     "not.or",
                                                 "not.and", "columns", "on_conflict"};

bool lists(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <std::size_t N>
bool contains(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

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

std::string listed_filters(std::span<const std::string> names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string lower_ascii(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lowered;
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
      if (cursor.rest().starts_with("::")) throw not_implemented("casts (::) in select");
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

// PostgREST's rule: an element that starts with a quote is quoted only when its closing quote ends
// it; otherwise quotes and backslashes are ordinary characters.
std::vector<std::string> parse_list(TextCursor& cursor, std::string_view text) {
  if (!cursor.take("("))
    throw parse_failure("filter", cursor, text, "unexpected input expecting \"(\"");
  std::vector<std::string> values;
  while (true) {
    TextCursor quoted = cursor;
    auto value = quoted.take_quoted();
    if (value && (quoted.peek() == ',' || quoted.peek() == ')')) {
      cursor = quoted;
      values.push_back(*std::move(value));
    } else {
      values.emplace_back(cursor.take_until(",)"));
    }
    if (cursor.take(",")) continue;
    if (!cursor.take(")"))
      throw parse_failure("filter", cursor, text, "unexpected end of input expecting \")\"");
    if (!cursor.done()) throw parse_failure("filter", cursor, text, "unexpected input after \")\"");
    break;
  }
  if (values.size() == 1 && values[0].empty()) values.clear();  // in.()
  return values;
}

Filter parse_filter(std::string column, std::string_view text) {
  Filter filter;
  filter.column = std::move(column);
  TextCursor cursor(text);
  filter.negated = cursor.take("not.");
  const TextCursor start = cursor;
  const auto word = cursor.take_until(".(");
  const auto known =
      std::find_if(std::begin(kOperators), std::end(kOperators),
                   [&](const OperatorName& candidate) { return candidate.name == word; });
  if (contains(kLaterOperators, word)) {
    throw not_implemented("operator \"" + std::string(word) + "\" on column " + filter.column);
  }
  if (known == std::end(kOperators)) {
    throw parse_failure(
        "filter", start, text,
        "unexpected \"" + std::string(word) +
            "\" expecting \"not\" or operator (eq, gt, gte, lt, lte, neq, in, is, isdistinct)");
  }
  if (cursor.peek() == '(')
    throw not_implemented("any and all: operator \"" + std::string(text.substr(0, text.find('.'))) +
                          "\"");
  if (!cursor.take("."))
    throw parse_failure("filter", cursor, text, "unexpected end of input expecting \".\"");

  filter.op = known->op;
  if (filter.op == Operator::kIn) {
    filter.values = parse_list(cursor, text);
  } else if (filter.op == Operator::kIs) {
    filter.values.push_back(lower_ascii(cursor.rest()));
    constexpr std::string_view kWords[] = {"null", "not_null", "true", "false", "unknown"};
    if (!contains(kWords, filter.values[0])) {
      throw parse_failure("filter", cursor, text,
                          "expecting null, not_null, true, false or unknown");
    }
  } else {
    filter.values.emplace_back(cursor.rest());
  }
  return filter;
}

void apply_headers(ApiRequest& request, const ReadHeaders& headers) {
  TextCursor prefer(headers.prefer);
  while (!prefer.done()) {
    prefer.skip_blanks();
    auto word = prefer.take_until(",;");
    while (word.ends_with(' ')) word.remove_suffix(1);
    if (word == "count=exact" || word == "count=planned" || word == "count=estimated")
      request.count = true;
    prefer.skip(prefer.done() ? 0 : 1);
  }

  if (!headers.accept_profile.empty() && headers.accept_profile != "public") {
    throw Refusal(406, "PGRST106", "Invalid schema: " + headers.accept_profile,
                  "Only the following schemas are exposed: public");
  }
  if (headers.accept.empty()) return;
  bool acceptable = false;
  TextCursor accept(headers.accept);
  while (!accept.done() && !acceptable) {
    accept.skip_blanks();
    const auto range = accept.take_until(",");
    auto type = lower_ascii(range.substr(0, range.find(';')));
    type.erase(type.find_last_not_of(' ') + 1);
    request.singular =
        type == "application/vnd.pgrst.object+json" || type == "application/vnd.pgrst.object";
    acceptable = request.singular || type == "*/*" || type == "application/*" ||
                 type == "application/json" || type == "application/vnd.pgrst.array+json" ||
                 type == "application/vnd.pgrst.array";
    if (lower_ascii(range).find("nulls=stripped") != std::string::npos)
      acceptable = request.singular = false;
    accept.skip(accept.done() ? 0 : 1);
  }
  if (!acceptable) {
    throw Refusal(406, "PGRST107", "None of these media types are available: " + headers.accept,
                  "available: application/json, application/vnd.pgrst.object+json");
  }
}

}  // namespace

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

  for (const auto& [name, value] : target.parameters) {
    if (name == "select" || name == "order" || name == "limit" || name == "offset") {
      once(name);
      // An empty list is the default, as in PostgREST.
      if (name == "select" && !value.empty()) request.select = parse_select(value);
      if (name == "order") request.order = parse_order(value);
      if (name == "limit") request.limit = parse_count(name, value);
      if (name == "offset") request.offset = parse_count(name, value);
      continue;
    }
    if (contains(kLaterParameters, name)) throw not_implemented("parameter \"" + name + "\"");

    std::string column = name;
    TextCursor cursor(name);
    if (auto quoted = cursor.take_quoted(); quoted && cursor.done()) column = *std::move(quoted);
    if (!lists(filterable, column) && !lists(readable, column)) {
      throw Refusal(
          400, "42703", "column " + std::string(api) + "." + column + " does not exist",
          "this API can be filtered by: " + (filterable.empty() ? "nothing" : listed_filters(filterable)),
          "other parameters are select, order, limit and offset");
    }
    request.filters.push_back(parse_filter(std::move(column), value));
  }
  apply_headers(request, headers);
  return request;
}

}  // namespace daas
