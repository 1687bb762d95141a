// LIKE patterns and regular expressions, PostgreSQL's to Lucene's. Pure.
#pragma once

#include <string>
#include <string_view>

namespace daas {

/// What a pattern asks of a text.
struct TextPattern {
  enum class Kind {
    kAnything,  ///< any text
    kText,      ///< equal to `text`
    kPrefix,    ///< begins with `text`
    kWildcard,  ///< `text` is a wildcard term of Solr's lucene parser, every other character escaped
    kRegex,     ///< `text` is a regular expression of Lucene's, which matches whole terms
  };
  Kind kind;
  std::string text;
};

/// Longest pattern, in bytes: what Lucene makes of longer ones takes too much of it.
constexpr std::size_t kLongestPattern = 256;

/// LIKE: `%` and, as in PostgREST, `*` are any text, `_` any character, a backslash escapes.
/// @throws Refusal 400 22025 for one that ends with the escape character, 54000 when it is too long
TextPattern like_pattern(std::string_view pattern);

/// ILIKE: letters match both of their cases (Unicode's simple mapping).
/// @throws Refusal as like_pattern
TextPattern ilike_pattern(std::string_view pattern);

/// `~` and `~*`: literals, `.`, brackets, `* + ? {m,n}`, `|`, groups, and `^` and `$` at the ends of
/// the whole or of its alternatives.
/// @throws Refusal 400 2201B for a broken expression, PGRST127 for what is not in this list
TextPattern regex_pattern(std::string_view pattern, bool ignore_case);

}  // namespace daas
