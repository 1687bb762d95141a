#include "core/remedy.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

TEST(Remedy, APostgresqlThatIsAwayOrALockIsWaitedFor) {
  for (const auto* state : {"08001", "08006", "28P01", "28000", "53300", "55P03", "57P01", "57P02",
                            "57P03"}) {
    EXPECT_EQ(remedy_of_sqlstate(state), Remedy::kRetry) << state;
  }
}

TEST(Remedy, AStatementThatMayWorkLaterIsTheModelsToTryAgain) {
  for (const auto* state : {"40001", "40P01", "53100", "53200", "53400", "55006", "57014", "58030"}) {
    EXPECT_EQ(remedy_of_sqlstate(state), Remedy::kAgain) << state;
  }
}

TEST(Remedy, WhatRepeatsStops) {
  for (const auto* state : {"42P01", "42703", "42501", "22012", "23505", "XX000", "P0001", ""}) {
    EXPECT_EQ(remedy_of_sqlstate(state), Remedy::kStop) << state;
  }
}

TEST(Remedy, OnlyARequestThatSolrCannotReadStops) {
  for (const auto status : {400, 413, 414, 415}) {
    EXPECT_EQ(remedy_of_http_status(status), Remedy::kStop) << status;
  }
  for (const auto status : {401, 403, 404, 409, 429, 500, 503}) {
    EXPECT_EQ(remedy_of_http_status(status), Remedy::kRetry) << status;
  }
}

}  // namespace
}  // namespace daas
