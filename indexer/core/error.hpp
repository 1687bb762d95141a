// The one error root of the daemon. Ask it what to do (remedy), never match on its text.
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/remedy.hpp"

namespace daas {

class Error : public std::runtime_error {
 public:
  Error(Remedy remedy, const std::string& message, std::string hint = {},
        std::source_location where = std::source_location::current())
      : std::runtime_error(message), remedy_(remedy), hint_(std::move(hint)), where_(where) {}

  Remedy remedy() const { return remedy_; }
  /// What to run; empty when there is nothing to say.
  const std::string& hint() const { return hint_; }
  const std::source_location& where() const { return where_; }

  /// Words for a log where what() may quote row values: those of another program, above all.
  void set_log_text(std::string text) { log_text_ = std::move(text); }
  std::string log_text() const { return log_text_.empty() ? what() : log_text_; }

 private:
  Remedy remedy_;
  std::string hint_;
  std::source_location where_;
  std::string log_text_;
};

/// What a log may hold of any exception: an Error's log_text(), of others the words before the first
/// quotation, for parsers quote what they stumbled upon.
inline std::string log_text(const std::exception& error) {
  if (const auto* known = dynamic_cast<const Error*>(&error)) return known->log_text();
  const std::string words = error.what();
  const auto quotation = words.find_first_of("'\"");
  return quotation == std::string::npos ? words : words.substr(0, quotation) + "…";
}

}  // namespace daas
