#include "log/record_format.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <string_view>
#include <utility>

#include "core/error.hpp"
#include "core/json_text.hpp"
#include "core/log_field.hpp"
#include "core/utf8.hpp"

namespace daas {
namespace {

struct Level {
  std::string_view name;
  spdlog::level::level_enum value;
};

constexpr std::array kLevels{Level{"debug", spdlog::level::debug}, Level{"info", spdlog::level::info},
                             Level{"warning", spdlog::level::warn},
                             Level{"error", spdlog::level::err}};

std::string_view name_of(spdlog::level::level_enum level) {
  const auto found = std::find_if(kLevels.begin(), kLevels.end(),
                                  [&](const Level& known) { return known.value == level; });
  return found == kLevels.end() ? "error" : found->name;
}

/// ISO 8601, UTC, milliseconds.
std::string time_text(spdlog::log_clock::time_point time) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(since / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string result(text, length);
  const auto milliseconds = std::to_string(since % 1000);
  return result + '.' + std::string(3 - milliseconds.size(), '0') + milliseconds + 'Z';
}

/// A line break would let the words of another program pass for a record of ours.
std::string one_line(std::string_view words) {
  std::string line;
  for (const char c : words) {
    line += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return line;
}

void append_member(std::string& json, const char* name, std::string_view text, bool number) {
  json += json.empty() ? "{\"" : ",\"";
  json += name;
  json += number ? "\":" : "\":\"";
  if (number) {
    json += text;
  } else {
    append_json_escaped(json, valid_utf8(text));
    json += '"';
  }
}

std::string json_line(const std::string& time, std::string_view level, std::string_view message) {
  std::string json;
  append_member(json, "time", time, false);
  append_member(json, "level", level, false);
  append_member(json, "message", message, false);
  const auto& fields = log_fields();
  for (auto field = fields.begin(); field != fields.end(); ++field) {
    const auto same = [&](const LogValue& other) {
      return std::string_view(other.name) == field->name;
    };
    if (std::any_of(field + 1, fields.end(), same)) continue;
    append_member(json, field->name, field->text, field->number);
  }
  return json + '}';
}

}  // namespace

void RecordFormatter::format(const spdlog::details::log_msg& record, spdlog::memory_buf_t& line) {
  const std::string_view message(record.payload.data(), record.payload.size());
  const auto time = time_text(record.time);
  const auto level = name_of(record.level);
  std::string text = format_ == LogFormat::kJson
                         ? json_line(time, level, message)
                         : time + ' ' + std::string(level) + ' ' + one_line(message);
  text += '\n';
  line.append(text.data(), text.data() + text.size());
}

std::unique_ptr<spdlog::formatter> RecordFormatter::clone() const {
  return std::make_unique<RecordFormatter>(format_);
}

void set_up_log(const std::string& level, const std::string& format) {
  const auto known = std::find_if(kLevels.begin(), kLevels.end(),
                                  [&](const Level& one) { return one.name == level; });
  if (known == kLevels.end()) {
    throw Error(Remedy::kStop,
                "--log-level is \"" + level + "\"; it is debug, info, warning or error");
  }
  if (format != "text" && format != "json") {
    throw Error(Remedy::kStop, "--log-format is \"" + format + "\"; it is text or json");
  }
  auto logger = std::make_shared<spdlog::logger>(
      "daas-indexer", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_formatter(
      std::make_unique<RecordFormatter>(format == "json" ? LogFormat::kJson : LogFormat::kText));
  logger->set_level(known->value);
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

}  // namespace daas
