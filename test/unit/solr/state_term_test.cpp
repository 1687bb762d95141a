#include "solr/state_term.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace daas {
namespace {

constexpr auto kLast = std::numeric_limits<std::int64_t>::max();

TEST(StateTerm, IsReadBack) {
  for (const std::int64_t version : {std::int64_t{0}, std::int64_t{1}, std::int64_t{1} << 40, kLast}) {
    for (const auto& position : {std::optional<Lsn>(), std::optional<Lsn>(0), std::optional<Lsn>(0xF0000018), std::optional<Lsn>(~0ULL)}) {
      const FenceState state{version, position};
      EXPECT_EQ(parse_state_term(state_term(state)), state) << state_term(state);
    }
  }
}

TEST(StateTerm, TheNewestIsTheFirst) {
  EXPECT_LT(state_term({7, 1}), state_term({6, 2}));
  EXPECT_LT(state_term({16, std::nullopt}), state_term({15, 2}));
  EXPECT_LT(state_term({kLast, 1}), state_term({0, 1}));
}

TEST(StateTerm, NothingElseIsOne) {
  const auto good = state_term({5, 6});
  for (const auto& bad : {std::string(), std::string(":"), good + "0", good.substr(1), good.substr(0, 16), good.substr(0, 17), good.substr(0, 17) + "halb", "-" + good.substr(1),
                          "f" + good.substr(1), good.substr(0, 17) + "000000000000000g", good.substr(0, 17) + "-00000000000001a"}) {
    EXPECT_FALSE(parse_state_term(bad)) << bad;
  }
}

}  // namespace
}  // namespace daas
