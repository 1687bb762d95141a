// What the serving role is told about tokens.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "serve/key_ring.hpp"
#include "serve/token.hpp"

namespace daas {

struct TokenOptions {
  TokenAuthority::Settings own;
  KeyRing::Settings keys;
  std::chrono::seconds session_life{std::chrono::hours(24 * 30)};  ///< 0: no refresh tokens
  std::vector<std::string> proxies;   ///< addresses whose X-Forwarded-For is believed
  unsigned requests_per_account = 0;  ///< a second; 0: any number
};

}  // namespace daas
