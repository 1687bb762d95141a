#include "serve/array_literal.hpp"

#include <algorithm>

#include "serve/refusal.hpp"
#include "serve/text_cursor.hpp"

namespace daas {
namespace {

Refusal malformed(std::string_view text, std::string details) {
  return Refusal(400, "22P02", "malformed array literal: \"" + std::string(text) + "\"",
                 std::move(details));
}

void skip_space(TextCursor& cursor) {
  constexpr std::string_view kSpace = " \t\n\r\v\f";
  while (!cursor.done() && kSpace.find(cursor.peek()) != std::string_view::npos) cursor.skip(1);
}

bool is_null(std::string_view word) {
  constexpr std::string_view kNull = "null";
  return word.size() == kNull.size() &&
         std::equal(word.begin(), word.end(), kNull.begin(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

/// Without quotes: blanks at its ends don't count, a backslash takes the next character as it is.
void take_bare(TextCursor& cursor, std::string_view text, ArrayLiteral& array) {
  std::string word;
  std::size_t kept = 0;  // up to here blanks belong to it
  bool escaped = false;
  while (!cursor.done() && cursor.peek() != ',' && cursor.peek() != '}') {
    char c = cursor.peek();
    if (c == '{') throw Refusal(400, "PGRST127", "Feature not implemented", "arrays of several dimensions");
    if (c == '"') throw malformed(text, "Incorrectly quoted array element.");
    cursor.skip(1);
    const bool escape = c == '\\';
    if (escape) {
      if (cursor.done()) throw malformed(text, "Unexpected end of input.");
      c = cursor.peek();
      cursor.skip(1);
      escaped = true;
    }
    word += c;
    if (escape || std::string_view(" \t\n\r\v\f").find(c) == std::string_view::npos) kept = word.size();
  }
  word.resize(kept);
  if (word.empty()) throw malformed(text, "Unexpected \",\" or \"}\" character.");
  if (!escaped && is_null(word)) {
    array.has_null = true;
  } else {
    array.elements.push_back(std::move(word));
  }
}

}  // namespace

ArrayLiteral parse_array_literal(std::string_view text) {
  TextCursor cursor(text);
  skip_space(cursor);
  if (!cursor.take("{")) throw malformed(text, "Array value must start with \"{\".");
  ArrayLiteral array;
  skip_space(cursor);
  if (!cursor.take("}")) {
    do {
      skip_space(cursor);
      if (cursor.peek() == '{') {
        throw Refusal(400, "PGRST127", "Feature not implemented", "arrays of several dimensions");
      }
      if (auto quoted = cursor.take_quoted()) {
        array.elements.push_back(*std::move(quoted));
        skip_space(cursor);
      } else {
        take_bare(cursor, text, array);
      }
    } while (cursor.take(","));
    if (!cursor.take("}")) throw malformed(text, "Unexpected end of input, or an element that is not quoted as a whole.");
  }
  skip_space(cursor);
  if (!cursor.done()) throw malformed(text, "Junk after closing right brace.");
  return array;
}

}  // namespace daas
