#include "serve/account_limit.hpp"

#include <nlohmann/json.hpp>

#include "core/sha256.hpp"

namespace daas {
namespace {

std::string text_of(const nlohmann::json& claims, const char* name) {
  const auto found = claims.find(name);
  return found != claims.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

void AccountLimit::admit(const Claims& claims, RateLimit::Clock::time_point now) {
  // A list, since neither of the two says where it ends.
  auto name = nlohmann::json{text_of(claims, "iss"), text_of(claims, "sub")}.dump();
  if (name.size() > 128) name = sha256_hex({name});  // an issuer's names must not cost more memory than others
  if (const auto wait = limit_.take(name, now)) {
    throw too_many_requests("over " + std::to_string(per_second_) + " requests a second of this account", *wait);
  }
}

}  // namespace daas
