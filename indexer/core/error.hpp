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

 private:
  Remedy remedy_;
  std::string hint_;
  std::source_location where_;
};

}  // namespace daas
