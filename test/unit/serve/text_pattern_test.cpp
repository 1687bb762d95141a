#include "serve/text_pattern.hpp"

#include <gtest/gtest.h>

#include "serve/refusal.hpp"

namespace daas {
namespace {

using Kind = TextPattern::Kind;

std::string words(const TextPattern& pattern) {
  constexpr const char* kNames[] = {"anything", "text ", "prefix ", "wildcard ", "regex "};
  return kNames[static_cast<int>(pattern.kind)] + pattern.text;
}
std::string like(const char* pattern) { return words(like_pattern(pattern)); }
std::string ilike(const char* pattern) { return words(ilike_pattern(pattern)); }
std::string regex(const char* pattern, bool ignore_case = false) { return regex_pattern(pattern, ignore_case).text; }

std::string code(const char* pattern, bool ignore_case = false) {
  try {
    regex(pattern, ignore_case);
  } catch (const Refusal& refusal) {
    return refusal.error().code;
  }
  return "accepted";
}

TEST(LikePattern, SimpleOnesNeedNoWildcard) {
  EXPECT_EQ(like(""), "text ");
  EXPECT_EQ(like("a b"), "text a b");
  EXPECT_EQ(like("%"), "anything");
  EXPECT_EQ(like("%*%"), "anything");
  EXPECT_EQ(like("a*"), "prefix a");
  EXPECT_EQ(like(R"(a\%b\_\\%)"), R"(prefix a%b_\)");
}

TEST(LikePattern, WhatTheParserWouldReadIsEscaped) {
  EXPECT_EQ(like("%a_"), "wildcard *a?");
  EXPECT_EQ(like(R"(%a b:*?(\*)"), R"(wildcard *a\ b\:*\?\(\%)");
  EXPECT_EQ(like("_\xC3\xA4\xEF\xBB\xBF"), "wildcard ?\xC3\xA4\\\xEF\xBB\xBF");
}

TEST(LikePattern, EndsNotWithItsEscape) {
  EXPECT_THROW(like("a\\"), Refusal);
  EXPECT_THROW(ilike("%\\"), Refusal);
}

TEST(LikePattern, LongOnesAreForEqualityOnly) {
  const std::string text(kLongestPattern + 1, 'a');
  EXPECT_NO_THROW(like_pattern(text));
  EXPECT_NO_THROW(like_pattern(text + "%"));
  EXPECT_THROW(like_pattern("%" + text), Refusal);
  EXPECT_THROW(ilike_pattern(text), Refusal);
}

TEST(ILikePattern, LettersMatchBothCases) {
  EXPECT_EQ(ilike("1%"), "prefix 1");
  EXPECT_EQ(ilike("aB%_/"), R"(regex [aA][Bb].*.\/)");
  EXPECT_EQ(ilike("\xC3\xA4"), "regex [\xC3\xA4\xC3\x84]");
}

TEST(RegexPattern, IsAnchoredByLuceneAndNotByPostgresql) {
  EXPECT_EQ(regex("a"), "(.*a.*)");
  EXPECT_EQ(regex("^a|b$|^c$"), "(a.*)|(.*b)|(c)");
  EXPECT_EQ(regex(""), "(.*.*)");
  EXPECT_EQ(regex("^$"), "()");
}

TEST(RegexPattern, KeepsWhatBothKnow) {
  EXPECT_EQ(regex("^(?:a|(b)+)[^x-z]{2,3}.?$"), "((a|(b)+)[^x-z]{2,3}.?)");
  EXPECT_EQ(regex(R"(^\.\$a/"#@&<~$)"), R"((\.\$a\/\"\#\@\&\<\~))");
  EXPECT_EQ(regex("^[]a-]x{$"), R"(([\]a\-]x\{))");
  EXPECT_EQ(regex("^[!-1]$"), R"(([\!\"\#\$\%\&\'\(\)\*\+\,\-\.\/0-1]))");
  EXPECT_EQ(regex(R"(^[\\-b]$)"), R"(([\\\]\^\_\`a-b]))");
  EXPECT_EQ(regex(R"(^[Y-\]]$)"), R"(([Y-Z\]\\\[]))");
  EXPECT_EQ(regex("^[a-cZ1]\xC3\xA4$", true), "([a-cA-CZz1][\xC3\xA4\xC3\x84])");
}

TEST(RegexPattern, TellsBrokenFromUnsupported) {
  for (const char* broken : {"(", ")", "a)", "[a", "*", "a**", "a+*", "(a", "a{2", "a{3,2}", "a{1,2,3}", "a{999}", "[b-a]", "\\", "(*a)", "a|*"}) {
    EXPECT_EQ(code(broken), "2201B") << broken;
  }
  for (const char* unsupported : {"a*?", "(?=a)", "(?i)a", "\\d", "\\1", "a^b", "a$b", "(^a)", "(a$)", "[[:alpha:]]", "(a|)", "()", "[\\w]"}) {
    EXPECT_EQ(code(unsupported), "PGRST127") << unsupported;
  }
  EXPECT_EQ(code("[A-z]", true), "PGRST127");
  EXPECT_EQ(code("[A-z]"), "accepted");
}

}  // namespace
}  // namespace daas
