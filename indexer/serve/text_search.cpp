#include "serve/text_search.hpp"

#include <algorithm>
#include <utility>

#include "serve/leaf_query.hpp"
#include "serve/text_cursor.hpp"

namespace daas {
namespace {

using NodeKind = TextQuery::Kind;

constexpr std::size_t kLongestQuery = 2048;
constexpr std::size_t kMostNodes = 100;
constexpr int kDeepest = 16;

/// What Solr's parser of words could take for more than a word. No language has words with them.
std::string harmless(std::string_view text) {
  std::string words(text);
  for (char& c : words) {
    if (c == '*' || c == '"' || c == '\\') c = ' ';
  }
  return words;
}

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos; }

TextQuery leaf(NodeKind kind, std::string_view text) { return {kind, harmless(text), {}}; }

/// Words side by side are asked for together, so that stop words among them are passed over as PostgreSQL does.
TextQuery all_of(std::vector<TextQuery> parts) {
  TextQuery words{NodeKind::kWords, {}, {}};
  std::vector<TextQuery> rest;
  for (auto& part : parts) {
    if (part.kind == NodeKind::kWords) {
      words.text += (words.text.empty() ? "" : " ") + part.text;
    } else {
      rest.push_back(std::move(part));
    }
  }
  if (!words.text.empty() || rest.empty()) rest.insert(rest.begin(), std::move(words));
  if (rest.size() == 1) return std::move(rest[0]);
  return {NodeKind::kAnd, {}, std::move(rest)};
}

TextQuery any_of(std::vector<TextQuery> parts) {
  if (parts.size() == 1) return std::move(parts[0]);
  return {NodeKind::kOr, {}, std::move(parts)};
}

/// The grammar of to_tsquery, without weights and distances other than 1.
class TsQueryParser {
 public:
  explicit TsQueryParser(std::string_view text) : cursor_(text), text_(text) {}

  TextQuery parse() {
    auto query = alternatives(0);
    if (!cursor_.done()) fail();
    return query;
  }

 private:
  [[noreturn]] void fail(std::string hint = "write words joined by & | ! and <->, or ask by plfts or wfts") const {
    throw Refusal(400, "42601", "syntax error in tsquery: \"" + std::string(text_) + "\"", {}, std::move(hint));
  }
  void skip_blanks() { cursor_.skip(std::min(cursor_.rest().find_first_not_of(" \t\r\n\f\v"), cursor_.rest().size())); }
  bool take(std::string_view token) {
    skip_blanks();
    const bool taken = cursor_.take(token);
    skip_blanks();
    return taken;
  }

  TextQuery alternatives(int depth) {
    if (depth > kDeepest) throw Refusal(400, "54000", "a text search has more than 16 levels");
    std::vector<TextQuery> parts;
    do {
      parts.push_back(conjunction(depth));
    } while (take("|"));
    return any_of(std::move(parts));
  }
  TextQuery conjunction(int depth) {
    std::vector<TextQuery> parts;
    do {
      parts.push_back(sequence(depth));
    } while (take("&"));
    return all_of(std::move(parts));
  }
  TextQuery sequence(int depth) {
    auto first = factor(depth);
    while (take("<")) {
      if (!take("->")) fail("of distances only <-> can be asked");
      const auto next = factor(depth);
      const bool words = first.kind == NodeKind::kWords || first.kind == NodeKind::kPhrase;
      if (!words || next.kind != NodeKind::kWords) fail("<-> stands between words only");
      first = {NodeKind::kPhrase, first.text + " " + next.text, {}};
    }
    return first;
  }
  TextQuery factor(int depth) {
    skip_blanks();
    if (++nodes_ > kMostNodes) throw Refusal(400, "54000", "a text search has more than 100 parts");
    if (take("!")) {
      if (depth >= kDeepest) throw Refusal(400, "54000", "a text search has more than 16 levels");
      return {NodeKind::kNot, {}, {factor(depth + 1)}};
    }
    if (take("(")) {
      auto inner = alternatives(depth + 1);
      if (!take(")")) fail();
      return inner;
    }
    const auto word = lexeme();
    if (!cursor_.take(":")) {
      skip_blanks();
      return leaf(NodeKind::kWords, word);
    }
    if (!cursor_.take("*")) fail("of labels only :* can be asked");
    skip_blanks();
    return leaf(NodeKind::kPrefix, word);
  }
  std::string lexeme() {
    std::string word;
    if (cursor_.take("'")) {
      while (true) {
        if (cursor_.done()) fail();
        if (cursor_.take("''")) {
          word += '\'';
        } else if (cursor_.take("'")) {
          break;
        } else {
          word += cursor_.peek();
          cursor_.skip(1);
        }
      }
    } else {
      word = cursor_.take_until(" \t\r\n\f\v&|!()<>:'");
    }
    if (is_blank(word)) fail();
    return word;
  }

  TextCursor cursor_;
  std::string_view text_;
  std::size_t nodes_ = 0;
};

TextQuery parse_websearch(std::string_view text) {
  std::vector<TextQuery> alternatives, parts;
  std::size_t nodes = 0;
  TextCursor cursor(text);
  while (true) {
    cursor.skip(std::min(cursor.rest().find_first_not_of(" \t\r\n\f\v"), cursor.rest().size()));
    if (cursor.done()) break;
    if (++nodes > kMostNodes) throw Refusal(400, "54000", "a text search has more than 100 parts");
    const bool negated = cursor.take("-");
    TextQuery part;
    if (cursor.peek() == '"' && cursor.rest().find('"', 1) != std::string_view::npos) {
      cursor.skip(1);
      part = leaf(NodeKind::kPhrase, cursor.take_until("\""));
      cursor.skip(1);
    } else {
      const auto word = cursor.take_until(" \t\r\n\f\v");
      if (!negated && lower_ascii(word) == "or") {
        if (!parts.empty()) alternatives.push_back(all_of(std::exchange(parts, {})));
        continue;
      }
      part = leaf(NodeKind::kWords, word);
    }
    if (is_blank(part.text)) continue;
    if (negated) part = {NodeKind::kNot, {}, {std::move(part)}};
    parts.push_back(std::move(part));
  }
  if (!parts.empty() || alternatives.empty()) alternatives.push_back(all_of(std::move(parts)));
  return any_of(std::move(alternatives));
}

}  // namespace

TextQuery parse_text_query(Operator op, std::string_view text) {
  if (text.size() > kLongestQuery) throw Refusal(400, "54000", "a text search has more than 2,048 bytes");
  switch (op) {
    case Operator::kFts: return TsQueryParser(text).parse();
    case Operator::kPhraseFts: return leaf(NodeKind::kPhrase, text);
    case Operator::kWebFts: return parse_websearch(text);
    default: return leaf(NodeKind::kWords, text);
  }
}

std::string text_query(const TextQuery& query, const std::vector<std::string>& fields, QueryParameters& parameters) {
  const auto simple = [&](const char* operators, std::string value) {
    std::string names;
    for (const auto& field : fields) names += (names.empty() ? "" : " ") + field;
    return std::string("{!simple q.operators=\"") + operators + "\" q.op=AND qf=\"" + names + "\" v=" + parameters.value(std::move(value)) + "}";
  };
  switch (query.kind) {
    case NodeKind::kWords: return is_blank(query.text) ? LeafBuilder::nothing() : simple("WHITESPACE", query.text);
    case NodeKind::kPhrase: return is_blank(query.text) ? LeafBuilder::nothing() : simple("PHRASE", '"' + query.text + '"');
    case NodeKind::kPrefix: return is_blank(query.text) ? LeafBuilder::nothing() : simple("PREFIX", query.text + "*");
    case NodeKind::kNot: return "{!bool must=$all must_not=" + parameters.query(text_query(query.parts.at(0), fields, parameters)) + "}";
    case NodeKind::kAnd:
    case NodeKind::kOr: break;
  }
  std::string joined = "{!bool";
  for (const auto& part : query.parts) {
    joined += (query.kind == NodeKind::kAnd ? " must=" : " should=") + parameters.query(text_query(part, fields, parameters));
  }
  return joined + "}";
}

}  // namespace daas
