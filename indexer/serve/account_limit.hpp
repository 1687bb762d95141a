// Requests per account: what one of them may ask of a daemon that serves many.
#pragma once

#include "serve/rate_limit.hpp"
#include "serve/token.hpp"

namespace daas {

/// So many requests a second, and as many at once, for each iss and sub; tokens without sub are one
/// account of their issuer. Counted in this process: several serve as many times the rate. Thread-safe.
class AccountLimit {
 public:
  explicit AccountLimit(unsigned per_second)
      : limit_({static_cast<double>(per_second), static_cast<double>(per_second)}), per_second_(per_second) {}

  /// @throws Refusal 429 with Retry-After
  void admit(const Claims& claims, RateLimit::Clock::time_point now);

 private:
  RateLimit limit_;
  unsigned per_second_;
};

}  // namespace daas
