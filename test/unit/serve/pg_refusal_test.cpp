#include "serve/pg_refusal.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

ApiError told(const std::string& sqlstate, const std::string& column = {}) {
  Api api;
  api.path = "items";
  api.target.emplace();
  api.target->columns = {{"label", "name", "text", true, true, true}, {"tenant", "tenant", "text", false, true, true}};
  PgError error(sqlstate, "INSERT: words (detail)");
  error.set_report({"words", "Key (secret)=(other) already exists.", "a hint", column});
  return write_error(error, api);
}

TEST(PgRefusal, StatusesAreThoseOfThePostgrestDialect) {
  for (const auto& [sqlstate, status] : std::initializer_list<std::pair<const char*, unsigned>>{
           {"23505", 409}, {"23503", 409}, {"23P01", 409}, {"23514", 400}, {"23502", 400}, {"22P02", 400}, {"22003", 400}, {"42501", 403},
           {"25006", 405}, {"40001", 503}, {"40P01", 503}, {"53300", 503}, {"08006", 503}, {"57P01", 503}, {"57014", 504}, {"55P03", 503},
           {"P0001", 400}, {"21000", 400}, {"42P10", 400}, {"42703", 500}, {"42883", 500}, {"XX000", 500}, {"P0002", 500}, {"F0000", 500}}) {
    EXPECT_EQ(told(sqlstate).status, status) << sqlstate;
  }
}

TEST(PgRefusal, TheServersDetailIsNeverPassedOn) {
  for (const char* sqlstate : {"23505", "23503", "23514", "22P02", "42501", "40001", "57014", "XX000", "42703"}) {
    const auto error = told(sqlstate);
    EXPECT_EQ(error.details, "") << sqlstate;
    EXPECT_EQ((error.message + error.hint).find("secret"), std::string::npos) << sqlstate;
  }
  EXPECT_EQ(told("23505").message, "words");
  EXPECT_EQ(told("42501").message, "permission denied for items");
  EXPECT_NE(told("XX000").message, "words") << "what is none of the client's doing is for the log";
}

TEST(PgRefusal, AValueThatNamesNoObjectIsTheClients) {
  Api api;
  api.path = "items";
  api.target.emplace();
  api.target->columns = {{"kind", "k", "regtype", true, true, true}, {"kinds", "ks", "regclass[]", true, true, true},
                         {"hidden", "h", "regtype", false, true, true}, {"region", "r", "region", true, true, true}};
  const auto status = [&](const char* sqlstate, const std::vector<std::string>& written) {
    PgError error(sqlstate, "INSERT: words");
    error.set_report({"type \"secret\" does not exist", "", "", ""});
    const auto told = write_error(error, api, written);
    EXPECT_EQ(error_body(told).find("secret"), std::string::npos);
    return told.status;
  };
  for (const char* sqlstate : {"42704", "42P01", "42883", "42601", "3F000"}) {
    EXPECT_EQ(status(sqlstate, {"region", "kind"}), 400u) << sqlstate;
    EXPECT_EQ(status(sqlstate, {"kinds"}), 400u) << sqlstate;
    for (const char* other : {"region", "hidden", "none"}) EXPECT_EQ(status(sqlstate, {other}), 500u) << sqlstate << other;
  }
  EXPECT_EQ(status("XX000", {"kind"}), 500u);
}

TEST(PgRefusal, AnApplicationsOwnWordsArePassedOn) {
  const auto error = told("P0001");
  EXPECT_EQ(error.message, "words");
  EXPECT_EQ(error.hint, "a hint");
  EXPECT_NE(error.details, "");
}

TEST(PgRefusal, AColumnIsNamedAsTheApiNamesIt) {
  EXPECT_EQ(told("23502", "name").message, "null value in column \"label\" violates not-null constraint");
  for (const char* hidden : {"tenant", "secret", ""}) {
    EXPECT_EQ(told("23502", hidden).message, "null value in a column that is not of the API violates a not-null constraint");
  }
}

TEST(PgRefusal, WhatMayBeTriedAgainSaysSo) {
  EXPECT_EQ(told("40001").headers.at(0), (std::pair<std::string, std::string>{"Retry-After", "1"}));
  EXPECT_TRUE(told("23505").headers.empty());
}

}  // namespace
}  // namespace daas
