// Any token is read or refused, and only a good signature makes it believed; any key set, refresh token and claims are
// what they are or an error.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "core/error.hpp"
#include "serve/base64.hpp"
#include "serve/claim_check.hpp"
#include "serve/jwk_set.hpp"
#include "serve/jws.hpp"
#include "serve/refresh_token.hpp"
#include "serve/scope_rule.hpp"
#include "serve/strict_json.hpp"

namespace {

using namespace daas;

const std::string kSecret(32, 'k');

void read_token(const std::string& token) {
  static const auto key = SignatureKey::of_secret(SignatureAlgorithm::kHs256, kSecret);
  const auto jws = parse_jws(token);
  if (!jws) return;
  if (jws->payload.size() > token.size() || jws->signed_part.size() >= token.size()) std::abort();
  // The fuzzer has no key: a signature that passes is a defect.
  if (verifies(key, *jws) && jws->signature != hmac_sha256(kSecret, jws->signed_part)) std::abort();
}

/// A header and a payload of the fuzzer's, rightly signed: the second half of the way.
void read_signed(const std::string& header, const std::string& payload) {
  static const auto key = SignatureKey::of_secret(SignatureAlgorithm::kHs256, kSecret);
  const auto part = base64_encode(header, Base64Alphabet::kUrl) + "." + base64_encode(payload, Base64Alphabet::kUrl);
  const auto token = part + "." + base64_encode(hmac_sha256(kSecret, part), Base64Alphabet::kUrl);
  const auto jws = parse_jws(token);
  if (!jws) return;
  const auto said = parse_strict_object(header);
  if (!said) std::abort();
  for (const char* refused : {"crit", "jwk", "jku", "x5c", "x5u"}) {
    if (said->contains(refused)) std::abort();
  }
  if (verifies(key, *jws) != (jws->algorithm == "HS256") || jws->payload != payload) std::abort();
  const auto claims = parse_strict_object(jws->payload);
  if (!claims) return;
  constexpr double kNow = 1'700'000'000;
  try {
    const auto life = check_claims(*claims, {"i", "a"}, 30, kNow);
    if (!(life.from <= kNow && kNow < life.until) || claims->at("iss") != "i") std::abort();
  } catch (const Refusal& refusal) {
    if (refusal.error().status != 401) std::abort();
  }
  Api api;
  api.columns = {{"a", ValueType::kText, "", "text"}, {"b", ValueType::kInt4, "", "integer"}};
  api.scope = {{"a", "claim"}, {"b", "number"}};
  const auto decided = scope_filters(api, *claims);
  if (const auto* filters = std::get_if<std::vector<ScopeFilter>>(&decided)) {
    if (filters->size() != 2) std::abort();
    for (const auto& filter : *filters) {
      if (filter.values.empty()) std::abort();
      for (const auto& value : filter.values) {
        if (value.empty() || value.find(kScopeSeparator) != std::string::npos) std::abort();
      }
    }
  }
}

void read_keys(const std::string& text) {
  try {
    const auto set = parse_jwk_set(text, SecretKeys::kRefused);
    if (set.keys.empty()) std::abort();
    for (const auto& key : set.keys) {
      if (is_symmetric(key.algorithm()) || key.verifies("message", "signature")) std::abort();
    }
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const auto kind = input.ConsumeIntegralInRange(0, 3);
  if (kind == 0) {
    read_token(input.ConsumeRemainingBytesAsString());
  } else if (kind == 1) {
    const auto header = input.ConsumeRandomLengthString(200);
    read_signed(header, input.ConsumeRemainingBytesAsString());
  } else if (kind == 2) {
    read_keys(input.ConsumeRemainingBytesAsString());
  } else {
    const auto text = input.ConsumeRemainingBytesAsString();
    const auto token = parse_refresh_token(text);
    if (token && token->text() != text) std::abort();
  }
  return 0;
}
