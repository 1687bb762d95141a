// What `daas-indexer check` found: one line each, and what to run.
#pragma once

#include <ostream>
#include <string>

namespace daas {

/// Prints as it goes. `what` names the prerequisite, `why` says what is seen and why it matters,
/// `run` is the statement or command that mends it; empty when there is none. One thread.
class Findings {
 public:
  explicit Findings(std::ostream& out) : out_(out) {}

  void ok(const std::string& what, const std::string& why = {}) { print("ok    ", what, why, {}); }
  void warn(const std::string& what, const std::string& why, const std::string& run) {
    ++warnings_;
    print("warn  ", what, why, run);
  }
  void fail(const std::string& what, const std::string& why, const std::string& run) {
    ++failures_;
    print("FAIL  ", what, why, run);
  }
  int warnings() const { return warnings_; }
  int failures() const { return failures_; }

 private:
  void print(const char* verdict, const std::string& what, const std::string& why,
             const std::string& run) {
    out_ << verdict << what;
    if (!why.empty()) out_ << " — " << why;
    out_ << '\n';
    if (!run.empty()) out_ << "      run: " << run << '\n';
    out_ << std::flush;
  }

  std::ostream& out_;
  int warnings_ = 0;
  int failures_ = 0;
};

}  // namespace daas
