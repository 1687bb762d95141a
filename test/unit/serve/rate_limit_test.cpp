#include "serve/rate_limit.hpp"

#include <gtest/gtest.h>

#include "serve/account_limit.hpp"
#include "serve/login_limit.hpp"

namespace daas {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

const RateLimit::Clock::time_point kStart{1h};

TEST(RateLimit, ABurstAndThenTheRate) {
  RateLimit limit({3, 0.5});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.take("a", kStart));
  EXPECT_EQ(limit.take("a", kStart), milliseconds(2000));
  EXPECT_EQ(limit.take("a", kStart + 1500ms), milliseconds(500));
  EXPECT_FALSE(limit.take("a", kStart + 2s));
  EXPECT_EQ(limit.take("a", kStart + 2s), milliseconds(2000));
  EXPECT_FALSE(limit.take("b", kStart)) << "another name";
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(limit.take("a", kStart + 1h)) << "no more than the burst is saved up";
  EXPECT_TRUE(limit.take("a", kStart + 1h));
}

TEST(RateLimit, NamesAreBoundedAndAskingKeepsNone) {
  RateLimit limit({2, 1, 10});
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limit.wait(std::to_string(i), kStart));
  EXPECT_EQ(limit.names(), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(limit.take(std::to_string(i), kStart));
  EXPECT_EQ(limit.names(), 10u);
  limit.forget("99");
  limit.forget("never seen");
  EXPECT_EQ(limit.names(), 9u);
}

TEST(RateLimit, WhatIsOwedIsWaitedFor) {
  RateLimit limit({2, 1});
  for (int i = 0; i < 10; ++i) limit.charge("a", kStart);
  EXPECT_EQ(limit.wait("a", kStart), milliseconds(9000));
  EXPECT_EQ(limit.wait("a", kStart + 8s), milliseconds(1000));
  EXPECT_FALSE(limit.wait("a", kStart + 9s));
}

TEST(RateLimit, AClockThatStandsStillGivesNothing) {
  RateLimit limit({1, 1});
  EXPECT_FALSE(limit.take("a", kStart));
  EXPECT_TRUE(limit.take("a", kStart - 1h));
  EXPECT_TRUE(limit.take("a", kStart));
  EXPECT_FALSE(limit.take("a", kStart + 1s));
}

TEST(RateLimit, TheRefusalIs429WithWholeSeconds) {
  for (const auto& [wait, seconds] : {std::pair{milliseconds(1), "1"}, {milliseconds(1000), "1"}, {milliseconds(1001), "2"}}) {
    const auto error = too_many_requests("x", wait).error();
    EXPECT_EQ(error.status, 429u);
    EXPECT_EQ(error.headers, (decltype(error.headers){{"Retry-After", seconds}}));
  }
}

bool may_try(const LoginLimit& limit, const std::string& account, const std::string& address, RateLimit::Clock::time_point now = kStart) {
  try {
    limit.check(account, address, now);
    return true;
  } catch (const Refusal& refusal) {
    EXPECT_EQ(refusal.error().status, 429u);
    return false;
  }
}

/// How many of so many wrong passwords are checked, one after the other.
int tried(LoginLimit& limit, int times, const std::string& account, const std::string& address, RateLimit::Clock::time_point now = kStart) {
  int checked = 0;
  for (int i = 0; i < times; ++i) {
    if (!may_try(limit, account, address, now)) continue;
    limit.failed(account, address, now);
    ++checked;
  }
  return checked;
}

TEST(LoginLimit, GuessingOneAccountFromOneAddressEndsSoon) {
  LoginLimit limit;
  EXPECT_EQ(tried(limit, 50, "a", "1.1.1.1"), 5);
  EXPECT_EQ(tried(limit, 50, "a", "1.1.1.1", kStart + 30s), 1);
  EXPECT_EQ(tried(limit, 5, "a", "2.2.2.2"), 5) << "the holder, elsewhere";
  EXPECT_EQ(tried(limit, 5, "b", "1.1.1.1"), 5) << "another account there";
}

TEST(LoginLimit, OneAddressMayNotTryManyAccounts) {
  LoginLimit limit;
  int counted = 0;
  for (int i = 0; i < 200; ++i) counted += tried(limit, 1, "account" + std::to_string(i), "1.1.1.1");
  EXPECT_EQ(counted, 50);
  EXPECT_EQ(tried(limit, 1, "a", "2.2.2.2"), 1);
}

TEST(LoginLimit, ManyAddressesMayNotTryOneAccountButItsHolderStillLogsIn) {
  LoginLimit limit;
  limit.succeeded("a", "home", kStart);
  int counted = 0;
  for (int i = 0; i < 1000; ++i) counted += tried(limit, 1, "a", "address" + std::to_string(i));
  EXPECT_EQ(counted, 100);
  EXPECT_EQ(tried(limit, 1, "a", "new", kStart), 0);
  EXPECT_EQ(tried(limit, 1, "a", "new", kStart + 10s), 1) << "not for ever, for anybody";
  for (int i = 0; i < 20; ++i) limit.succeeded("a", "home", kStart);
  EXPECT_EQ(tried(limit, 50, "a", "address0", kStart), 0) << "the holder's logins give strangers nothing";
}

TEST(LoginLimit, ASuccessClearsThePairsFailures) {
  LoginLimit limit;
  EXPECT_EQ(tried(limit, 4, "a", "1.1.1.1"), 4);
  limit.succeeded("a", "1.1.1.1", kStart);
  EXPECT_EQ(tried(limit, 50, "a", "1.1.1.1"), 5);
}

TEST(LoginLimit, ASuccessWithOnesOwnAccountDoesNotClearTheAddress) {
  LoginLimit limit;
  int counted = 0;
  for (int i = 0; i < 200; ++i) {
    counted += tried(limit, 1, "victim" + std::to_string(i), "1.1.1.1");
    limit.succeeded("mine", "1.1.1.1", kStart);
  }
  EXPECT_EQ(counted, 50);
}

TEST(LoginLimit, AFleetMayLogInAtOnceAndGuessingAtOnceGainsNothing) {
  LoginLimit limit;
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(may_try(limit, "a", "1.1.1.1")) << "none has failed yet";
  for (int i = 0; i < 64; ++i) limit.failed("a", "1.1.1.1", kStart);
  // As many as 59 one after the other would have taken.
  EXPECT_FALSE(may_try(limit, "a", "1.1.1.1", kStart + 59 * 30s));
  EXPECT_TRUE(may_try(limit, "a", "1.1.1.1", kStart + 60 * 30s));
}

TEST(ClientAddress, IsThePeersUnlessAProxySpeaksForAnother) {
  const std::vector<std::string> proxies{"10.0.0.7", "2001:db8::7"};
  const auto address = [&](const char* peer, const char* header) { return client_address(peer, header, proxies); };
  EXPECT_EQ(address("192.0.2.1", ""), "192.0.2.1");
  EXPECT_EQ(address("192.0.2.1", "198.51.100.1"), "192.0.2.1") << "a stranger's word";
  EXPECT_EQ(address("127.0.0.1", ""), "127.0.0.1");
  EXPECT_EQ(address("127.0.0.1", "198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(address("10.0.0.7", "198.51.100.1"), "198.51.100.1");
  EXPECT_EQ(address("10.0.0.8", "198.51.100.1"), "10.0.0.8");
  EXPECT_EQ(address("127.0.0.1", "1.1.1.1, 198.51.100.1"), "198.51.100.1") << "what stands before is the stranger's";
  EXPECT_EQ(address("127.0.0.1", "1.1.1.1,198.51.100.1 , 10.0.0.7"), "198.51.100.1");
  EXPECT_EQ(address("2001:db8::7", "198.51.100.1:4711"), "198.51.100.1");
  EXPECT_EQ(address("127.0.0.1", "unknown"), "127.0.0.1");
  EXPECT_EQ(address("127.0.0.1", "198.51.100.1, nonsense"), "127.0.0.1");
  EXPECT_EQ(address("127.0.0.1", ",,,"), "127.0.0.1");
  EXPECT_EQ(address("", "198.51.100.1"), "");
}

TEST(ClientAddress, OfIpv6ItIsTheNetwork) {
  EXPECT_EQ(client_address("2001:db8:1:2:3:4:5:6", "", {}), "2001:db8:1:2::/64");
  EXPECT_EQ(client_address("2001:DB8:1:2::9", "", {}), "2001:db8:1:2::/64");
  EXPECT_EQ(client_address("::ffff:192.0.2.1", "", {}), "192.0.2.1");
  EXPECT_EQ(client_address("::1", "[2001:db8::1]:443", {}), "2001:db8::/64");
  EXPECT_EQ(client_address("fe80::1%eth0", "", {}), client_address("fe80::2", "", {}));
}

TEST(AccountLimit, IsOfAnIssuersAccount) {
  AccountLimit limit(2);
  const auto admitted = [&](const json& claims) {
    try {
      limit.admit(Claims(std::make_shared<const json>(claims)), kStart);
      return true;
    } catch (const Refusal& refusal) {
      EXPECT_EQ(refusal.error().status, 429u);
      return false;
    }
  };
  EXPECT_TRUE(admitted({{"iss", "i"}, {"sub", "a"}}));
  EXPECT_TRUE(admitted({{"iss", "i"}, {"sub", "a"}, {"jti", "another token"}}));
  EXPECT_FALSE(admitted({{"iss", "i"}, {"sub", "a"}}));
  EXPECT_TRUE(admitted({{"iss", "i"}, {"sub", "b"}}));
  EXPECT_TRUE(admitted({{"iss", "j"}, {"sub", "a"}}));
  EXPECT_TRUE(admitted(json::object()));
  EXPECT_TRUE(admitted(json::object()));
  EXPECT_FALSE(admitted(json::object()));
}

}  // namespace
}  // namespace daas
