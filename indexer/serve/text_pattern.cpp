#include "serve/text_pattern.hpp"

#include <locale.h>
#include <wctype.h>

#include <optional>
#include <vector>

#include "serve/refusal.hpp"

namespace daas {
namespace {

/// Of every Linux with glibc.
locale_t unicode() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

/// One character of a UTF-8 text that is valid; moves past it.
char32_t take_character(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t character = size == 1 ? lead : lead & (0x7F >> size);
  for (std::size_t i = 1; i < size; ++i) character = character << 6 | (text[i] & 0x3F);
  text.remove_prefix(size);
  return character;
}

void append_character(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

bool is_alphanumeric(char32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// A literal in a wildcard term or a regular expression: letters and digits of ASCII mean themselves,
/// everything else of ASCII and what the parser takes for white space gets a backslash.
void append_literal(std::string& out, char32_t c) {
  const bool blank = c == 0x3000 || c == 0xFEFF;
  if ((c < 0x80 && !is_alphanumeric(c)) || blank) out += '\\';
  append_character(out, c);
}

/// In a regular expression, where a backslash before what is no ASCII would be two characters.
void append_regex_literal(std::string& out, char32_t c) {
  if (c < 0x80 && !is_alphanumeric(c)) out += '\\';
  append_character(out, c);
}

std::vector<char32_t> cases_of(char32_t c) {
  std::vector<char32_t> cases{c};
  for (const char32_t other : {static_cast<char32_t>(towlower_l(static_cast<wint_t>(c), unicode())),
                               static_cast<char32_t>(towupper_l(static_cast<wint_t>(c), unicode()))}) {
    if (other != c) cases.push_back(other);
  }
  return cases;
}

void append_any_case(std::string& out, char32_t c) {
  const auto cases = cases_of(c);
  if (cases.size() == 1) return append_regex_literal(out, c);
  out += '[';
  for (const auto each : cases) append_regex_literal(out, each);
  out += ']';
}

void check_length(std::string_view pattern) {
  if (pattern.size() > kLongestPattern) {
    throw Refusal(400, "54000", "a pattern has more than " + std::to_string(kLongestPattern) + " bytes");
  }
}

struct Token {
  enum class Kind { kLiteral, kAnyText, kAnyCharacter } kind;
  char32_t character = 0;
};

std::vector<Token> like_tokens(std::string_view pattern) {
  std::vector<Token> tokens;
  while (!pattern.empty()) {
    char32_t c = take_character(pattern);
    if (c == '%' || c == '*') {
      if (tokens.empty() || tokens.back().kind != Token::Kind::kAnyText) {
        tokens.push_back({Token::Kind::kAnyText});
      }
      continue;
    }
    if (c == '_') {
      tokens.push_back({Token::Kind::kAnyCharacter});
      continue;
    }
    if (c == '\\') {
      if (pattern.empty())
        throw Refusal(400, "22025", "LIKE pattern must not end with escape character");
      c = take_character(pattern);
      // PostgREST's star became a percent sign before the pattern was one.
      if (c == '*') c = '%';
    }
    tokens.push_back({Token::Kind::kLiteral, c});
  }
  return tokens;
}

/// Those that need no wildcard.
std::optional<TextPattern> simple(const std::vector<Token>& tokens) {
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind == Token::Kind::kLiteral) {
      append_character(text, tokens[i].character);
      continue;
    }
    if (tokens[i].kind == Token::Kind::kAnyCharacter || i + 1 < tokens.size()) return std::nullopt;
    if (text.empty()) return TextPattern{TextPattern::Kind::kAnything, {}};
    return TextPattern{TextPattern::Kind::kPrefix, std::move(text)};
  }
  return TextPattern{TextPattern::Kind::kText, std::move(text)};
}

/// Translates a regular expression branch by branch.
class RegexTranslator {
 public:
  RegexTranslator(std::string_view pattern, bool ignore_case)
      : whole_(pattern), rest_(pattern), ignore_case_(ignore_case) {}

  std::string translate() {
    std::string alternatives;
    do {
      alternatives += alternatives.empty() ? "(" : "|(";
      const bool from_start = take('^');
      if (!from_start) alternatives += ".*";
      const bool to_end = branch(alternatives, true);
      if (!to_end) alternatives += ".*";
      alternatives += ')';
    } while (take('|'));
    if (!rest_.empty()) throw broken("parentheses () not balanced");
    return alternatives;
  }

 private:
  Refusal broken(const std::string& why) const {
    return Refusal(400, "2201B", "invalid regular expression: " + why, "in \"" + std::string(whole_) + "\"");
  }
  static Refusal unsupported(const std::string& what) {
    return Refusal(400, "PGRST127", "Feature not implemented", what + " in a regular expression");
  }

  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// Up to `|`, `)` or the end. True when it ends with an anchor.
  bool branch(std::string& out, bool top) {
    bool quantifiable = false;
    while (!rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
      const char c = rest_[0];
      if (c == '$') {
        rest_.remove_prefix(1);
        if (top && (rest_.empty() || rest_[0] == '|')) return true;
        throw unsupported("an anchor elsewhere than at an end");
      }
      if (c == '^') throw unsupported("an anchor elsewhere than at an end");
      // A brace that no digit follows is an ordinary character.
      const bool bounds = c == '{' && rest_.size() > 1 && rest_[1] >= '0' && rest_[1] <= '9';
      if (c == '*' || c == '+' || c == '?' || bounds) {
        if (!quantifiable) throw broken("quantifier operand invalid");
        quantifier(out);
        quantifiable = false;
        continue;
      }
      atom(out);
      quantifiable = true;
    }
    return false;
  }

  void quantifier(std::string& out) {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == '{') {
      const auto end = rest_.find('}');
      const auto bounds = rest_.substr(0, end);
      if (end == std::string_view::npos || bounds.empty() || bounds[0] < '0' || bounds[0] > '9' ||
          bounds.find_first_not_of("0123456789,") != std::string_view::npos || bounds.size() > 7) {
        throw broken("invalid repetition count(s)");
      }
      const auto comma = bounds.find(',');
      const int least = std::stoi(std::string(bounds.substr(0, comma)));
      const bool open = comma != std::string_view::npos && comma + 1 == bounds.size();
      if (bounds.find(',', comma == std::string_view::npos ? 0 : comma + 1) != std::string_view::npos &&
          comma != std::string_view::npos)
        throw broken("invalid repetition count(s)");
      const int most = comma == std::string_view::npos || open ? least : std::stoi(std::string(bounds.substr(comma + 1)));
      if (least > 255 || most > 255 || most < least) throw broken("invalid repetition count(s)");
      out.append(1, '{').append(bounds).append(1, '}');
      rest_.remove_prefix(end + 1);
    } else {
      out += c;
    }
    if (!rest_.empty() && rest_[0] == '?') throw unsupported("a non-greedy quantifier");
    if (!rest_.empty() && (rest_[0] == '*' || rest_[0] == '+' || rest_[0] == '{'))
      throw broken("quantifier operand invalid");
  }

  void atom(std::string& out) {
    const char32_t c = take_character(rest_);
    switch (c) {
      case '.':
        out += '.';
        return;
      case '(':
        group(out);
        return;
      case '[':
        bracket(out);
        return;
      case '\\': {
        if (rest_.empty()) throw broken("invalid escape \\ sequence");
        const char32_t escaped = take_character(rest_);
        if (is_alphanumeric(escaped)) throw unsupported("the escape \\" + std::string(1, static_cast<char>(escaped)));
        append_regex_literal(out, escaped);
        return;
      }
      default:
        if (ignore_case_) {
          append_any_case(out, c);
        } else {
          append_regex_literal(out, c);
        }
    }
  }

  void group(std::string& out) {
    if (++depth_ > 20) throw unsupported("more than 20 groups in each other");
    if (rest_.starts_with("?") && !rest_.starts_with("?:")) throw unsupported("a lookaround or an option");
    if (rest_.starts_with("?:")) rest_.remove_prefix(2);
    if (rest_.starts_with("*")) throw broken("quantifier operand invalid");
    std::string inner;
    do {
      inner += inner.empty() ? "(" : "|";
      const auto before = inner.size();
      branch(inner, false);
      if (rest_.empty()) throw broken("parentheses () not balanced");
      if (inner.size() == before) throw unsupported("an empty alternative");
    } while (take('|'));
    rest_.remove_prefix(1);  // the closing one
    out += inner + ')';
    --depth_;
  }

  static bool is_lower(char32_t c) { return c >= 'a' && c <= 'z'; }
  static bool is_upper(char32_t c) { return c >= 'A' && c <= 'Z'; }

  void bracket(std::string& out) {
    out += '[';
    if (take('^')) out += '^';
    bool first = true;
    while (true) {
      if (rest_.empty()) throw broken("brackets [] not balanced");
      if (!first && take(']')) break;
      first = false;
      const char32_t from = bracket_character();
      if (rest_.size() >= 2 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        range(out, from, bracket_character());
        continue;
      }
      for (const auto each : ignore_case_ ? cases_of(from) : std::vector<char32_t>{from}) {
        append_regex_literal(out, each);
      }
    }
    out += ']';
  }

  char32_t bracket_character() {
    if (rest_.empty()) throw broken("brackets [] not balanced");
    if (rest_.starts_with("[:") || rest_.starts_with("[.") || rest_.starts_with("[="))
      throw unsupported("a named class in brackets");
    const char32_t c = take_character(rest_);
    if (c != '\\') return c;
    if (rest_.empty()) throw broken("invalid escape \\ sequence");
    const char32_t escaped = take_character(rest_);
    if (is_alphanumeric(escaped)) throw unsupported("an escape of a letter or digit in brackets");
    return escaped;
  }

  void range(std::string& out, char32_t from, char32_t to) {
    if (to < from) throw broken("invalid character range");
    const auto append = [&out](char32_t first, char32_t last) {
      // Lucene takes an escaped character for a single one, before it looks for a dash.
      const auto escaped = [](char32_t c) { return c < 0x80 && !is_alphanumeric(c); };
      while (first <= last && escaped(first)) append_regex_literal(out, first++);
      std::string end;
      while (first < last && escaped(last)) append_regex_literal(end, last--);
      if (first <= last) {
        append_regex_literal(out, first);
        if (first < last) {
          out += '-';
          append_regex_literal(out, last);
        }
      }
      out += end;
    };
    append(from, to);
    if (!ignore_case_) return;
    if (is_lower(from) && is_lower(to)) {
      append(from - 'a' + 'A', to - 'a' + 'A');
    } else if (is_upper(from) && is_upper(to)) {
      append(from - 'A' + 'a', to - 'A' + 'a');
    } else if (from > '9' || to > '9') {
      throw unsupported("a range of both cases without regard to case");
    }
  }

  std::string_view whole_;
  std::string_view rest_;
  bool ignore_case_;
  int depth_ = 0;
};

}  // namespace

TextPattern like_pattern(std::string_view pattern) {
  const auto tokens = like_tokens(pattern);
  if (auto found = simple(tokens)) return *std::move(found);
  check_length(pattern);
  TextPattern wildcard{TextPattern::Kind::kWildcard, {}};
  for (const auto& token : tokens) {
    switch (token.kind) {
      case Token::Kind::kLiteral:
        append_literal(wildcard.text, token.character);
        break;
      case Token::Kind::kAnyText:
        wildcard.text += '*';
        break;
      case Token::Kind::kAnyCharacter:
        wildcard.text += '?';
        break;
    }
  }
  return wildcard;
}

TextPattern ilike_pattern(std::string_view pattern) {
  const auto tokens = like_tokens(pattern);
  bool cased = false;
  for (const auto& token : tokens) {
    cased = cased || (token.kind == Token::Kind::kLiteral && cases_of(token.character).size() > 1);
  }
  if (!cased) return like_pattern(pattern);
  check_length(pattern);
  TextPattern regex{TextPattern::Kind::kRegex, {}};
  for (const auto& token : tokens) {
    switch (token.kind) {
      case Token::Kind::kLiteral:
        append_any_case(regex.text, token.character);
        break;
      case Token::Kind::kAnyText:
        regex.text += ".*";
        break;
      case Token::Kind::kAnyCharacter:
        regex.text += '.';
        break;
    }
  }
  return regex;
}

TextPattern regex_pattern(std::string_view pattern, bool ignore_case) {
  check_length(pattern);
  return {TextPattern::Kind::kRegex, RegexTranslator(pattern, ignore_case).translate()};
}

}  // namespace daas
