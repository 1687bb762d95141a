#include "serve/claim_check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

namespace daas {
namespace {

using nlohmann::json;

/// A NumericDate, or nothing when the member is absent. A member of another type does not hold.
std::optional<double> date(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found == claims.end()) return std::nullopt;
  if (!found->is_number() || !std::isfinite(found->get<double>())) {
    throw invalid_token("PGRST303", std::string("JWT claim ") + name + " is not a number");
  }
  return found->get<double>();
}

void check_text(const json& claims, const char* name) {
  const auto found = claims.find(name);
  if (found != claims.end() && !found->is_string()) {
    throw invalid_token("PGRST303", std::string("JWT claim ") + name + " is not a string");
  }
}

bool names(const json& audience, const std::string& wanted) {
  if (audience.is_string()) return audience.get_ref<const std::string&>() == wanted;
  return audience.is_array() && std::any_of(audience.begin(), audience.end(), [&](const json& one) {
           return one.is_string() && one.get_ref<const std::string&>() == wanted;
         });
}

Lifetime lifetime(const json& claims, double leeway, double now) {
  const auto expires = date(claims, "exp");
  if (!expires) throw invalid_token("PGRST303", "JWT has no claim exp");
  Lifetime life{-std::numeric_limits<double>::infinity(), *expires + leeway};
  if (now >= life.until) throw invalid_token("PGRST303", "JWT expired");
  if (const auto from = date(claims, "nbf")) {
    life.from = *from - leeway;
    if (now < life.from) throw invalid_token("PGRST303", "JWT not yet valid");
  }
  if (const auto issued = date(claims, "iat")) {
    life.from = std::max(life.from, *issued - leeway);
    if (now < life.from) throw invalid_token("PGRST303", "JWT issued at future");
  }
  return life;
}

}  // namespace

Refusal invalid_token(std::string code, std::string message, std::string details) {
  ApiError error{401, std::move(code), std::move(message), std::move(details), {}, {}};
  error.headers.emplace_back("WWW-Authenticate",
                             "Bearer error=\"invalid_token\", error_description=\"" + error.message + "\"");
  return Refusal(std::move(error));
}

Lifetime check_claims(const json& claims, const Trust& trust, double leeway, double now) {
  const auto life = lifetime(claims, leeway, now);
  check_text(claims, "iss");
  check_text(claims, "sub");
  if (!trust.issuer.empty()) {
    const auto issuer = claims.find("iss");
    if (issuer == claims.end() || issuer->get_ref<const std::string&>() != trust.issuer) {
      throw invalid_token("PGRST303", "JWT not of this issuer");
    }
  }
  if (!trust.audience.empty()) {
    const auto audience = claims.find("aud");
    if (audience == claims.end() || !names(*audience, trust.audience)) {
      throw invalid_token("PGRST303", "JWT not in audience");
    }
  }
  return life;
}

}  // namespace daas
