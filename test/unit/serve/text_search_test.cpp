#include "serve/text_search.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

using NodeKind = TextQuery::Kind;

std::string shown(const TextQuery& query) {
  switch (query.kind) {
    case NodeKind::kWords: return "[" + query.text + "]";
    case NodeKind::kPhrase: return "\"" + query.text + "\"";
    case NodeKind::kPrefix: return query.text + ":*";
    case NodeKind::kNot: return "!" + shown(query.parts.at(0));
    default: break;
  }
  std::string text = "(";
  for (const auto& part : query.parts) text += (text.size() > 1 ? (query.kind == NodeKind::kAnd ? " & " : " | ") : "") + shown(part);
  return text + ")";
}

std::string fts(std::string_view text) { return shown(parse_text_query(Operator::kFts, text)); }
std::string web(std::string_view text) { return shown(parse_text_query(Operator::kWebFts, text)); }

TEST(TextSearch, ATsQueryIsATreeWhoseWordsSideBySideAreAskedForTogether) {
  EXPECT_EQ(fts("cat"), "[cat]");
  EXPECT_EQ(fts(" the & cat&dog "), "[the cat dog]");
  EXPECT_EQ(fts("a & b | !c & (d | 'e f')"), "([a b] | (![c] & ([d] | [e f])))");
  EXPECT_EQ(fts("super:* & star"), "([star] & super:*)");
  EXPECT_EQ(fts("a <-> b <-> c"), "\"a b c\"");
  EXPECT_EQ(fts("'it''s'"), "[it's]");
}

TEST(TextSearch, AWebSearchAlwaysMeansSomething) {
  EXPECT_EQ(web("quick fox"), "[quick fox]");
  EXPECT_EQ(web("quick or \"brown fox\" -dog"), "([quick] | (\"brown fox\" & ![dog]))");
  EXPECT_EQ(web("or or"), "[]");
  EXPECT_EQ(web("a or"), "[a]");
  EXPECT_EQ(web("\"open"), "[ open]");
  EXPECT_EQ(web(" - \"\" "), "[]");
}

TEST(TextSearch, NothingOfAWordIsLeftThatSolrTakesForMore) {
  EXPECT_EQ(shown(parse_text_query(Operator::kPlainFts, "*\"\\x*")), "[   x ]");
  EXPECT_EQ(fts("a*:*"), "a :*");
  QueryParameters parameters;
  EXPECT_EQ(text_query(parse_text_query(Operator::kPlainFts, "*"), {"f"}, parameters), "{!bool must_not=$all}") << "it would be everything";
}

TEST(TextSearch, WordsAreAValueOfTheirOwn) {
  QueryParameters parameters;
  EXPECT_EQ(text_query(parse_text_query(Operator::kPhraseFts, "a} b"), {"f", "g"}, parameters),
            "{!simple q.operators=\"PHRASE\" q.op=AND qf=\"f g\" v=$v0}");
  EXPECT_EQ(parameters.take(), (std::vector<std::pair<std::string, std::string>>{{"v0", "\"a} b\""}}));
}

}  // namespace
}  // namespace daas
