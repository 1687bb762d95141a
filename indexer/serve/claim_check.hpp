// What the registered claims of a token must say (RFC 7519, 4.1; RFC 8725). Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "serve/refusal.hpp"

namespace daas {

/// Who may issue tokens with a key, and for whom: bound to the key, so that one issuer's key is no
/// good for another's tokens (RFC 8725, 3.8 and 3.9). Empty: not checked.
struct Trust {
  std::string issuer;
  std::string audience;
};

/// In seconds of Unix time, leeway included: it holds from `from` until before `until`.
struct Lifetime {
  double from;
  double until;
};

/// The 401 of a token, with WWW-Authenticate (RFC 6750, 3).
Refusal invalid_token(std::string code, std::string message, std::string details = {});

/// exp is required; exp, nbf and iat are numbers; iss and sub are strings; aud is a string or a list
/// that names us.
/// @throws Refusal 401, PGRST303
Lifetime check_claims(const nlohmann::json& claims, const Trust& trust, double leeway, double now);

}  // namespace daas
