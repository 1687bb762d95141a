// What checking a token costs: of each algorithm, verified anew and remembered. Prints a line for each, and last the most
// that a remembered one costs; ends with 1 when that is over 10 us.
//
//   make bench-tokens
#include <openssl/evp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "serve/key_ring.hpp"
#include "serve/token.hpp"
#include "token_signer.hpp"

namespace {

using namespace daas;
using Steady = std::chrono::steady_clock;

constexpr int kRounds = 20;

/// Median of the rounds, in microseconds for one.
template <typename Work>
double median(int times, const Work& work) {
  std::vector<double> rounds;
  for (int round = 0; round < kRounds; ++round) {
    const auto began = Steady::now();
    for (int i = 0; i < times; ++i) work();
    rounds.push_back(std::chrono::duration<double, std::micro>(Steady::now() - began).count() / times);
  }
  std::sort(rounds.begin(), rounds.end());
  return rounds[rounds.size() / 2];
}

double measure(const char* name, const TokenAuthority::Settings& settings, const KeyRing& ring, const std::string& token) {
  const auto now = TokenAuthority::Clock::now();
  // A new authority remembers nothing.
  const double fresh = median(20, [&] { TokenAuthority(settings, &ring).verify(token, now); });
  const double made = median(20, [&] { TokenAuthority one(settings, &ring); });
  const TokenAuthority tokens(settings, &ring);
  const double remembered = median(20'000, [&] { tokens.verify(token, now); });
  std::printf("%-22s %5zu bytes   verified %7.1f us   remembered %5.2f us\n", name, token.size(), fresh - made, remembered);
  return remembered;
}

}  // namespace

int main() {
  double most = 0;
  const TokenSigner rsa("RSA"), ec("EC"), edwards("ED25519");
  const auto path = std::filesystem::temp_directory_path() / ("daas-bench-keys-" + std::to_string(Steady::now().time_since_epoch().count()));
  std::ofstream(path) << nlohmann::json{{"keys", {rsa.jwk("r"), ec.jwk("e"), edwards.jwk("d")}}};
  TokenAuthority::Settings settings{std::string(32, 'k'), "daas", "daas", std::chrono::hours(1)};
  settings.others = {"daas", "daas"};
  {
    const KeyRing ring({{}, {path}, {}});
    const auto claims = [](int airports) {
      nlohmann::json claims{{"iss", "daas"}, {"aud", "daas"}, {"sub", "ewr_desk"}, {"exp", 4'000'000'000}, {"airports", nlohmann::json::array()}};
      for (int i = 0; i < airports; ++i) claims["airports"].push_back("A" + std::to_string(i));
      return claims.dump();
    };
    const TokenAuthority own(settings);
    most = std::max({measure("HS256", settings, ring, own.issue("ewr_desk", nlohmann::json::parse(claims(3)), TokenAuthority::Clock::now())),
                     measure("RS256", settings, ring, rsa.token(R"({"alg":"RS256","kid":"r"})", claims(3))),
                     measure("ES256", settings, ring, ec.token(R"({"alg":"ES256","kid":"e"})", claims(3))),
                     measure("EdDSA", settings, ring, edwards.token(R"({"alg":"EdDSA","kid":"d"})", claims(3)))});
    measure("ES256, 1,000 airports", settings, ring, ec.token(R"({"alg":"ES256","kid":"e"})", claims(1'000)));
  }
  std::filesystem::remove(path);
  std::printf("tokens remembered %.2f us\n", most);
  return most <= 10 ? 0 : 1;
}
