#include "log/record_format.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>

#include "core/error.hpp"
#include "core/log_field.hpp"

namespace daas {
namespace {

std::string logged(LogFormat format, spdlog::level::level_enum level, const std::string& message) {
  std::ostringstream out;
  spdlog::logger logger("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(out));
  logger.set_formatter(std::make_unique<RecordFormatter>(format));
  logger.set_level(spdlog::level::trace);
  logger.log(level, message);
  return out.str();
}

std::string at(std::chrono::system_clock::duration since) {
  RecordFormatter formatter(LogFormat::kText);
  spdlog::details::log_msg record(spdlog::log_clock::time_point(since), spdlog::source_loc{}, "test",
                                  spdlog::level::info, "words");
  spdlog::memory_buf_t line;
  formatter.format(record, line);
  return {line.data(), line.size()};
}

TEST(RecordFormat, TimeIsIso8601InUtcWithMilliseconds) {
  EXPECT_EQ(at(std::chrono::milliseconds(0)), "1970-01-01T00:00:00.000Z info words\n");
  EXPECT_EQ(at(std::chrono::milliseconds(1767225599007)), "2025-12-31T23:59:59.007Z info words\n");
}

TEST(RecordFormat, AJsonRecordHasTheFieldsOfItsThread) {
  const LogField epoch("epoch", 7);
  {
    const LogField model("model", "flights");
    const auto record = nlohmann::json::parse(logged(LogFormat::kJson, spdlog::level::warn, "says"));
    EXPECT_EQ(record["level"], "warning");
    EXPECT_EQ(record["message"], "says");
    EXPECT_EQ(record["model"], "flights");
    EXPECT_EQ(record["epoch"], 7);
  }
  EXPECT_FALSE(nlohmann::json::parse(logged(LogFormat::kJson, spdlog::level::info, "x")).contains("model"));
  std::thread([] {
    EXPECT_EQ(nlohmann::json::parse(logged(LogFormat::kJson, spdlog::level::info, "x")).size(), 3U);
  }).join();
}

TEST(RecordFormat, TheInnermostFieldOfAnNameWins) {
  const LogField outer("model", "a");
  const LogField inner("model", "b");
  const auto line = logged(LogFormat::kJson, spdlog::level::info, "x");
  EXPECT_EQ(nlohmann::json::parse(line)["model"], "b");
  EXPECT_EQ(line.find("\"a\""), std::string::npos);
}

TEST(RecordFormat, ARecordIsOneLineOfUtf8WhateverItsWords) {
  const std::string words = "one\ntwo\r\t\"three\"\\ \xff \x01 \x7f ü";
  const auto json = logged(LogFormat::kJson, spdlog::level::err, words);
  EXPECT_EQ(json.find('\n'), json.size() - 1);
  EXPECT_EQ(nlohmann::json::parse(json)["message"], "one\ntwo\r\t\"three\"\\ ? \x01 \x7f ü");
  const auto text = logged(LogFormat::kText, spdlog::level::err, words);
  EXPECT_EQ(text.find('\n'), text.size() - 1);
  EXPECT_NE(text.find(" error one two  \"three\""), std::string::npos) << text;
}

TEST(RecordFormat, UnknownLevelsAndFormatsAreRefused) {
  EXPECT_THROW(set_up_log("off", "text"), Error);
  EXPECT_THROW(set_up_log("info", "xml"), Error);
}

}  // namespace
}  // namespace daas
