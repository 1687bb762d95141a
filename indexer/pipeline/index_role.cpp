#include "pipeline/index_role.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "core/backoff.hpp"
#include "pipeline/index_run.hpp"
#include "pipeline/obstacle_note.hpp"
#include "pipeline/status_page.hpp"

namespace daas {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstRestart{250};
constexpr milliseconds kLongestRestart{10000};
/// A run that lasted so long was a good one: the next failure begins with the short wait again.
constexpr std::chrono::seconds kGoodRun{30};

}  // namespace

IndexRole::IndexRole(IndexOptions options) : options_(std::move(options)) {}

IndexRole::~IndexRole() { stop(); }

void IndexRole::start() {
  thread_ = std::thread([this] { run(); });
}

void IndexRole::stop() {
  interrupt_.raise();
  if (thread_.joinable()) thread_.join();
}

bool IndexRole::ready(std::string& reason) {
  const std::lock_guard lock(mutex_);
  reason = obstacle_;
  return obstacle_.empty();
}

std::optional<std::string> IndexRole::status(const std::string& exact) {
  std::string obstacle;
  ready(obstacle);
  return StatusPage(options_, metrics_, interrupt_).render(obstacle, exact);
}

void IndexRole::set_obstacle(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (what == obstacle_) return;
  obstacle_ = what;
  if (!what.empty()) spdlog::info("indexer {}", what);
}

void IndexRole::note(const std::string& words, const std::string& hint) {
  try {
    Connection connection(options_.pg, "daas-indexer obstacle", Session::kPlain, &interrupt_);
    note_obstacle(connection, "does not follow the changes: " + words, hint);
  } catch (const Error& error) {
    // The database may be what is in the way; the log has it.
    spdlog::debug("the database can't be told: {}", error.log_text());
  }
}

void IndexRole::run() {
  Backoff backoff(kFirstRestart, kLongestRestart);
  // --adopt is for once: two daemons that went on with it would take the namespace from each other for
  // ever.
  bool adopted = false;
  while (!interrupt_.raised()) {
    const auto began = std::chrono::steady_clock::now();
    try {
      auto options = options_;
      options.adopt = options.adopt && !adopted;
      IndexRun run(options, interrupt_, metrics_,
                   [&](const std::string& what) {
                     set_obstacle(what);
                     adopted |= what.empty();
                   });
      run.run();
    } catch (const Interrupted&) {
      return;
    } catch (const Error& error) {
      if (interrupt_.raised()) return;
      set_obstacle("begins anew: " + error.log_text() +
                   (error.hint().empty() ? "" : " HINT: " + error.hint()));
      note(error.what(), error.hint());
    } catch (const std::exception& error) {
      set_obstacle("begins anew: " + log_text(error));
      note(error.what(), {});
    }
    if (std::chrono::steady_clock::now() - began > kGoodRun) backoff.reset();
    try {
      interrupt_.wait(backoff.next());
    } catch (const Interrupted&) {
      return;
    }
  }
}

}  // namespace daas
