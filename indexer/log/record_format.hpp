// How a log record is written: one line each, whatever its words hold.
//
//   text  2026-01-31T12:00:00.123Z warning model flights: Solr can't be reached: …
//   json  {"time":"2026-01-31T12:00:00.123Z","level":"warning","message":"model flights: …","model":"flights"}
#pragma once

#include <spdlog/formatter.h>

#include <memory>
#include <string>

namespace daas {

enum class LogFormat { kText, kJson };

/// Formats on the thread that logs, since the fields (core/log_field.hpp) are that thread's: for
/// synchronous loggers only.
class RecordFormatter : public spdlog::formatter {
 public:
  explicit RecordFormatter(LogFormat format) : format_(format) {}

  void format(const spdlog::details::log_msg& record, spdlog::memory_buf_t& line) override;
  std::unique_ptr<spdlog::formatter> clone() const override;

 private:
  LogFormat format_;
};

/// Makes spdlog's default logger write to standard error.
/// @throws Error for a level other than debug, info, warning, error, or a format other than text, json
void set_up_log(const std::string& level, const std::string& format);

}  // namespace daas
