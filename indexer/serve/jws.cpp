#include "serve/jws.hpp"

#include "serve/base64.hpp"
#include "serve/strict_json.hpp"

namespace daas {
namespace {

using nlohmann::json;

/// False when the member is there and not a string.
bool read_text(const json& header, const char* name, std::optional<std::string>& text) {
  const auto found = header.find(name);
  if (found == header.end()) return true;
  if (!found->is_string()) return false;
  text = found->get<std::string>();
  return true;
}

bool read_header(std::string_view encoded, Jws& jws) {
  const auto text = base64_decode(encoded, Base64Alphabet::kUrl);
  const auto header = text ? parse_strict_object(*text) : std::nullopt;
  if (!header) return false;
  for (const char* refused : {"crit", "jwk", "jku", "x5c", "x5u"}) {
    if (header->contains(refused)) return false;
  }
  std::optional<std::string> algorithm;
  if (!read_text(*header, "alg", algorithm) || !algorithm || !read_text(*header, "kid", jws.key_id) ||
      !read_text(*header, "typ", jws.type)) {
    return false;
  }
  jws.algorithm = *std::move(algorithm);
  return true;
}

}  // namespace

std::optional<Jws> parse_jws(std::string_view token) {
  if (token.size() > kLongestToken) return std::nullopt;
  const auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return std::nullopt;

  Jws jws;
  jws.signed_part = token.substr(0, second);
  if (!read_header(token.substr(0, first), jws)) return std::nullopt;
  auto payload = base64_decode(token.substr(first + 1, second - first - 1), Base64Alphabet::kUrl);
  auto signature = base64_decode(token.substr(second + 1), Base64Alphabet::kUrl);
  if (!payload || !signature) return std::nullopt;
  jws.payload = *std::move(payload);
  jws.signature = *std::move(signature);
  return jws;
}

bool verifies(const SignatureKey& key, const Jws& jws) {
  return jws.algorithm == name_of(key.algorithm()) && key.verifies(jws.signed_part, jws.signature);
}

}  // namespace daas
