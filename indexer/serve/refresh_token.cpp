#include "serve/refresh_token.hpp"

#include <openssl/rand.h>

#include "core/error.hpp"
#include "core/sha256.hpp"
#include "serve/base64.hpp"
#include "serve/strict_json.hpp"

namespace daas {
namespace {

constexpr std::size_t kSessionBytes = 16;
constexpr std::size_t kSecretBytes = 32;

std::string random_text(std::size_t size) {
  std::string bytes(size, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(size)) != 1) {
    throw Error(Remedy::kRetry, "OpenSSL has no random numbers");
  }
  return base64_encode(bytes, Base64Alphabet::kUrl);
}

bool is_of(std::string_view text, std::size_t size) {
  const auto bytes = base64_decode(text, Base64Alphabet::kUrl);
  return bytes && bytes->size() == size;
}

}  // namespace

std::string RefreshToken::session_hash() const { return "\\x" + sha256_hex({session}); }
std::string RefreshToken::secret_hash() const { return "\\x" + sha256_hex({secret}); }

RefreshToken new_refresh_token() { return {random_text(kSessionBytes), random_text(kSecretBytes)}; }

RefreshToken next_refresh_token(const RefreshToken& token) { return {token.session, random_text(kSecretBytes)}; }

std::optional<RefreshToken> parse_refresh_token(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos || text.size() > 100) return std::nullopt;
  const auto session = text.substr(0, dot), secret = text.substr(dot + 1);
  if (!is_of(session, kSessionBytes) || !is_of(secret, kSecretBytes)) return std::nullopt;
  return RefreshToken{std::string(session), std::string(secret)};
}

RefreshToken refresh_token_of(std::string_view body) {
  const auto object = parse_strict_object(body);
  if (!object || !object->contains("refresh_token") || !(*object)["refresh_token"].is_string()) {
    throw Refusal(400, "PGRST102", "the body is not a JSON object with a refresh_token", {},
                  R"(send {"refresh_token": "…"}, as POST /auth/login has answered it)");
  }
  auto token = parse_refresh_token((*object)["refresh_token"].get_ref<const std::string&>());
  if (!token) throw refresh_refused();
  return *std::move(token);
}

Refusal refresh_refused() {
  ApiError error{401, "28000", "the refresh token is not valid", "it is used, expired or unknown", "log in again", {}};
  error.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
  return Refusal(std::move(error));
}

}  // namespace daas
