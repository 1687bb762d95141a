// What a thread works on, for the records that it logs: a model's name, a generation, an epoch.
// Structured logs carry them as members of their own; texts name them in their words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace daas {

struct LogValue {
  const char* name;
  std::string text;
  bool number = false;
};

/// Adds a field to every record that this thread logs while the object lives; the innermost of one
/// name wins. Never a row's value. Bound to its scope and its thread.
///
///   const LogField field("model", model.name);
///   spdlog::info("model {}: …", model.name);
class LogField {
 public:
  /// @param name a literal
  LogField(const char* name, std::string text);
  LogField(const char* name, std::int64_t number);
  ~LogField();
  LogField(const LogField&) = delete;
  LogField& operator=(const LogField&) = delete;
};

/// The fields of the calling thread, outermost first.
const std::vector<LogValue>& log_fields();

}  // namespace daas
