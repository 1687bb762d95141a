// Refresh tokens: SESSION.SECRET, 16 and 32 random bytes in base64url. What leaves the process, but to
// the client, is their hashes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "serve/refusal.hpp"

namespace daas {

struct RefreshToken {
  std::string session;  ///< text of the first part: the same as long as the session lives
  std::string secret;   ///< text of the second part: another one after each refresh

  std::string text() const { return session + "." + secret; }
  /// As literals of bytea.
  std::string session_hash() const;
  std::string secret_hash() const;
};

/// @throws Error when OpenSSL has no randomness
RefreshToken new_refresh_token();
/// The same session, another secret.
RefreshToken next_refresh_token(const RefreshToken& token);
/// Nothing for what new_refresh_token() can't have made.
std::optional<RefreshToken> parse_refresh_token(std::string_view text);

/// Of the body of /auth/refresh and /auth/logout: {"refresh_token": "…"}.
/// @throws Refusal 400, PGRST102, for another body; 401 for what is no refresh token
RefreshToken refresh_token_of(std::string_view body);
/// The one 401 of a refresh: it does not say whether there was such a session.
Refusal refresh_refused();

}  // namespace daas
