// Request target: percent encoding and UTF-8.
#include "serve/request.hpp"

namespace daas {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        throw Refusal(400, "PGRST100", "the request's URL has a broken percent encoding",
                      "\"%\" must be followed by two hexadecimal digits",
                      "write a literal % as %25");
      }
      decoded += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  // PostgreSQL has no NUL in text either; Solr would take it.
  if (decoded.find('\0') != std::string::npos) {
    throw Refusal(400, "22021", "invalid byte sequence for encoding \"UTF8\": 0x00");
  }
  if (!is_utf8(decoded)) {
    throw Refusal(400, "22021", "invalid byte sequence for encoding \"UTF8\"",
                  "the request's URL does not decode to UTF-8");
  }
  return decoded;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const unsigned lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || i + length > text.size()) return false;
    // The second byte's range keeps out overlong forms, surrogates and code points over U+10FFFF.
    const unsigned low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(i + 1) < low || byte(i + 1) > high) return false;
    for (std::size_t at = i + 2; at < i + length; ++at) {
      if (byte(at) < 0x80 || byte(at) > 0xBF) return false;
    }
    i += length;
  }
  return true;
}

Target parse_target(std::string_view target) {
  Target parsed;
  std::string_view path = target.substr(0, target.find_first_of("?#"));
  std::string_view query = path.size() < target.size() && target[path.size()] == '?'
                               ? target.substr(path.size() + 1)
                               : std::string_view{};
  query = query.substr(0, query.find('#'));

  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    parsed.segments.push_back(decode(path.substr(0, slash), false));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  while (!query.empty()) {
    const auto piece = query.substr(0, query.find('&'));
    query.remove_prefix(piece.size() == query.size() ? piece.size() : piece.size() + 1);
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    const auto value =
        equals == std::string_view::npos ? std::string_view{} : piece.substr(equals + 1);
    parsed.parameters.emplace_back(decode(piece.substr(0, equals), true), decode(value, true));
  }
  return parsed;
}

}  // namespace daas
