// How often a password may be tried: against guessing, and against locking others out.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "serve/rate_limit.hpp"

namespace daas {

/// Where a request comes from, for counting: an IPv4 address, or the /64 of an IPv6 one, which a
/// single customer has whole.
/// @param peer of the connection
/// @param forwarded_for the X-Forwarded-For header: believed only of a peer on the loopback or among
///   `proxies`, and read from its end, where the nearest proxy has written, up to the first address
///   that is not one of them
std::string client_address(const std::string& peer, std::string_view forwarded_for,
                           const std::vector<std::string>& proxies);

/// Failed logins, of three kinds, each with a bucket of its own. Thread-safe.
///
/// - Of one account from one address: 5, then one every 30 s. This is what stops guessing, and it
///   stops nobody else: others log in to the account from elsewhere.
/// - From one address: 50, then one every 2 s, whatever the accounts.
/// - Of one account: 100, then one every 10 s, wherever from. A stranger with many addresses could use
///   this up to keep the holder out; so an address from which the account logged in within the last
///   30 days is not counted here, but only by the other two.
///
/// Failures are counted, not tries, so that a fleet may log in to one account at once. What fails of
/// tries that were under way together is owed: who sends many at a time waits the longer, and has
/// tried no more in the end. A success clears the account's failures from its address only: those of
/// an address must not be cleared by whoever has one account, nor those of an account by its busy
/// holder. Nothing depends on whether the account exists. Names are bounded by what a daemon can
/// check: some 20 passwords a second, hence 20,000 accounts in the 1,000 s after which one is as
/// good as new.
class LoginLimit {
 public:
  using Clock = RateLimit::Clock;

  /// @throws Refusal 429 with Retry-After, when the password must not even be looked at
  void check(const std::string& account, const std::string& address, Clock::time_point now) const;
  void failed(const std::string& account, const std::string& address, Clock::time_point now);
  void succeeded(const std::string& account, const std::string& address, Clock::time_point now);

 private:
  bool knows(const std::string& pair, Clock::time_point now) const;

  RateLimit pairs_{{5, 1.0 / 30}};
  RateLimit addresses_{{50, 1.0 / 2}};
  RateLimit accounts_{{100, 1.0 / 10}};

  mutable std::mutex mutex_;
  std::list<std::pair<std::string, Clock::time_point>> known_;  ///< pairs that have logged in; the latest first
  std::unordered_map<std::string, decltype(known_)::iterator> known_by_name_;
};

}  // namespace daas
