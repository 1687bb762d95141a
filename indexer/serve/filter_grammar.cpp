#include "serve/filter_grammar.hpp"

#include <algorithm>
#include <utility>

#include "serve/array_literal.hpp"
#include "serve/text_cursor.hpp"

namespace daas {
namespace {

constexpr int kDeepestTree = 24;  // Solr answers 400 to about 100 levels, and each costs it some

struct OperatorName {
  std::string_view name;
  Operator op;
  bool quantifiable = false;
};
constexpr OperatorName kOperators[] = {
    {"eq", Operator::kEq, true},       {"neq", Operator::kNeq},
    {"gt", Operator::kGt, true},       {"gte", Operator::kGte, true},
    {"lt", Operator::kLt, true},       {"lte", Operator::kLte, true},
    {"in", Operator::kIn},             {"is", Operator::kIs},
    {"isdistinct", Operator::kIsDistinct},
    {"like", Operator::kLike, true},   {"ilike", Operator::kILike, true},
    {"match", Operator::kMatch, true}, {"imatch", Operator::kIMatch, true},
    {"cs", Operator::kContains},       {"cd", Operator::kContained},
    {"ov", Operator::kOverlaps},
    {"fts", Operator::kFts},           {"plfts", Operator::kPlainFts},
    {"phfts", Operator::kPhraseFts},   {"wfts", Operator::kWebFts},
};
// Words of the dialect that have no leaf here: told apart from misspelt ones.
constexpr std::string_view kOtherOperators[] = {"sl", "sr", "nxr", "nxl", "adj"};

template <std::size_t N>
bool contains(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

/// One grammar for a parameter's value and for the leaves of a tree.
class FilterParser {
 public:
  FilterParser(TextCursor cursor, std::string_view text, bool in_tree)
      : cursor_(cursor), text_(text), in_tree_(in_tree) {}

  Filter filter(std::string column);
  Filter tree(bool negated, Filter::Logic logic, int depth);
  bool done() const { return cursor_.done(); }
  [[noreturn]] void fail(std::string details) const {
    throw parse_failure(in_tree_ ? "logic tree" : "filter", cursor_, text_, std::move(details));
  }

 private:
  const OperatorName& take_operator(const std::string& column);
  std::vector<std::string> take_list();
  std::string take_value();
  Filter node(int depth);

  TextCursor cursor_;
  std::string_view text_;
  bool in_tree_;
};

// PostgREST's rule: an element that starts with a quote is quoted only when its closing quote ends
// it; otherwise quotes and backslashes are ordinary characters.
std::vector<std::string> FilterParser::take_list() {
  if (!cursor_.take("(")) fail("unexpected input expecting \"(\"");
  std::vector<std::string> values;
  while (true) {
    TextCursor quoted = cursor_;
    auto value = quoted.take_quoted();
    if (value && (quoted.peek() == ',' || quoted.peek() == ')')) {
      cursor_ = quoted;
      values.push_back(*std::move(value));
    } else {
      values.emplace_back(cursor_.take_until(",)"));
    }
    if (cursor_.take(",")) continue;
    if (!cursor_.take(")")) fail("unexpected end of input expecting \")\"");
    break;
  }
  if (values.size() == 1 && values[0].empty()) values.clear();  // in.()
  return values;
}

std::string FilterParser::take_value() {
  if (!in_tree_) {
    std::string all(cursor_.rest());
    cursor_.skip(all.size());
    return all;
  }
  TextCursor quoted = cursor_;
  if (auto value = quoted.take_quoted();
      value && (quoted.done() || quoted.peek() == ',' || quoted.peek() == ')')) {
    cursor_ = quoted;
    return *std::move(value);
  }
  if (cursor_.peek() == '{') {
    // As PostgREST, to the first closing brace; but not one that is quoted.
    const auto rest = cursor_.rest();
    bool in_quotes = false;
    for (std::size_t i = 1; i < rest.size(); ++i) {
      if (rest[i] == '\\') {
        ++i;
      } else if (rest[i] == '"') {
        in_quotes = !in_quotes;
      } else if (rest[i] == '}' && !in_quotes) {
        cursor_.skip(i + 1);
        return std::string(rest.substr(0, i + 1));
      }
    }
  }
  return std::string(cursor_.take_until(",)"));
}

const OperatorName& FilterParser::take_operator(const std::string& column) {
  const TextCursor start = cursor_;
  const auto word = cursor_.take_until(".(,)");
  if (contains(kOtherOperators, word)) {
    throw not_implemented("operator \"" + std::string(word) + "\" on column " + column);
  }
  const auto known =
      std::find_if(std::begin(kOperators), std::end(kOperators),
                   [&](const OperatorName& candidate) { return candidate.name == word; });
  if (known != std::end(kOperators)) return *known;
  cursor_ = start;
  std::string names;
  for (const auto& each : kOperators) names += (names.empty() ? "" : ", ") + std::string(each.name);
  fail("unexpected \"" + std::string(word) + "\" expecting \"not\" or operator (" + names + ")");
}

Filter FilterParser::filter(std::string column) {
  Filter filter;
  filter.column = std::move(column);
  filter.negated = cursor_.take("not.");
  const auto& known = take_operator(filter.column);
  filter.op = known.op;
  if (cursor_.peek() == '(' && asks_words(known.op)) {
    cursor_.skip(1);
    filter.language = cursor_.take_until(")");
    if (filter.language.empty() || !cursor_.take(")")) fail("expecting a language and \")\"");
  } else if (cursor_.peek() == '(') {
    if (!known.quantifiable) {
      throw not_implemented("any and all: operator \"" + std::string(known.name) + "\"");
    }
    if (cursor_.take("(any)")) {
      filter.quantifier = Filter::Quantifier::kAny;
    } else if (cursor_.take("(all)")) {
      filter.quantifier = Filter::Quantifier::kAll;
    } else {
      fail("expecting \"(any)\" or \"(all)\"");
    }
  }
  if (!cursor_.take(".")) fail("unexpected end of input expecting \".\"");

  const bool array = filter.op == Operator::kContains || filter.op == Operator::kContained ||
                     filter.op == Operator::kOverlaps || filter.quantifier != Filter::Quantifier::kNone;
  if (filter.op == Operator::kIn) {
    filter.values = take_list();
  } else if (filter.op == Operator::kIs) {
    filter.values.push_back(lower_ascii(take_value()));
    constexpr std::string_view kWords[] = {"null", "not_null", "true", "false", "unknown"};
    if (!contains(kWords, filter.values[0])) fail("expecting null, not_null, true, false or unknown");
  } else if (array) {
    auto literal = parse_array_literal(take_value());
    filter.values = std::move(literal.elements);
    filter.null_among_values = literal.has_null;
  } else {
    filter.values.push_back(take_value());
  }
  return filter;
}

Filter FilterParser::tree(bool negated, Filter::Logic logic, int depth) {
  if (depth > kDeepestTree) {
    throw Refusal(400, "54000", "a logic tree has more than " + std::to_string(kDeepestTree) + " levels");
  }
  Filter tree;
  tree.negated = negated;
  tree.logic = logic;
  if (!cursor_.take("(")) fail("expecting \"(\"");
  do {
    tree.parts.push_back(node(depth));
    cursor_.skip_blanks();
  } while (cursor_.take(","));
  if (!cursor_.take(")")) fail("expecting \",\" or \")\"");
  return tree;
}

Filter FilterParser::node(int depth) {
  cursor_.skip_blanks();
  const TextCursor start = cursor_;
  const bool negated = cursor_.take("not.");
  if (cursor_.take("and(")) {
    cursor_ = start;
    cursor_.skip(negated ? 7 : 3);
    return tree(negated, Filter::Logic::kAnd, depth + 1);
  }
  if (cursor_.take("or(")) {
    cursor_ = start;
    cursor_.skip(negated ? 6 : 2);
    return tree(negated, Filter::Logic::kOr, depth + 1);
  }
  cursor_ = start;
  auto column = take_name(cursor_, "logic tree", text_);
  if (!cursor_.take(".")) fail("expecting \".\" and an operator");
  return filter(std::move(column));
}

}  // namespace

Filter parse_filter(std::string column, std::string_view text) {
  FilterParser parser(TextCursor(text), text, false);
  auto filter = parser.filter(std::move(column));
  if (!parser.done()) parser.fail("unexpected input after \")\"");
  return filter;
}

Filter parse_tree(bool negated, Filter::Logic logic, std::string_view text) {
  FilterParser parser(TextCursor(text), text, true);
  auto tree = parser.tree(negated, logic, 1);
  if (!parser.done()) parser.fail("unexpected input after the last \")\"");
  return tree;
}

}  // namespace daas
