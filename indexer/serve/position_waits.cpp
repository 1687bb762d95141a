#include "serve/position_waits.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <set>
#include <utility>

#include "pg/connection.hpp"
#include "serve/plan.hpp"
#include "serve/response.hpp"

namespace daas {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostWaits = 4096;
constexpr milliseconds kPoll{10};
/// Each wish opens a searcher at least, however many wait. As long as none is fulfilled they become rarer:
/// positions of a future that never comes keep nobody busy.
constexpr milliseconds kWishAgain{50};
constexpr milliseconds kLongestWishAgain{1000};
constexpr milliseconds kLookTimeout{1000};

}  // namespace

PositionWaits::PositionWaits(std::string pg_conninfo, SolrEndpoint solr)
    : pg_conninfo_(std::move(pg_conninfo)), solr_(std::move(solr), &interrupt_.flag()), thread_([this] { run(); }) {}

PositionWaits::~PositionWaits() { stop(); }

void PositionWaits::stop() {
  interrupt_.raise();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  waits_.clear();
}

bool PositionWaits::wait(std::string model, std::string collection, Lsn position, TimePoint deadline,
                         Done done) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || waits_.size() >= kMostWaits) return false;
  waits_.push_back({std::move(model), std::move(collection), position, deadline, std::move(done)});
  changed_.notify_all();
  return true;
}

void PositionWaits::run() {
  while (true) {
    try {
      return answer();
    } catch (const std::exception& failure) {
      spdlog::error("serve: waits for positions failed: {}", failure.what());
    }
  }
}

void PositionWaits::answer() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !waits_.empty(); });
    if (stopping_) return;
    std::map<std::string, Lsn> wanted;
    std::set<std::string> collections;
    for (const auto& wait : waits_) {
      auto& position = wanted[wait.model];
      position = std::max(position, wait.position);
      collections.insert(wait.collection);
    }
    lock.unlock();
    std::map<std::string, Lsn> seen;
    for (const auto& collection : collections) seen[collection] = look(collection);
    lock.lock();
    std::list<Wait> ended;
    const auto now = Clock::now();
    for (auto wait = waits_.begin(); wait != waits_.end();) {
      const auto next = std::next(wait);
      const auto found = seen.find(wait->collection);
      const bool reached = found != seen.end() && found->second > wait->position;
      if (reached) wait->deadline = TimePoint::max();  // tells the two ends apart below
      if (reached || wait->deadline <= now) ended.splice(ended.end(), waits_, wait);
      wait = next;
    }
    lock.unlock();
    for (const auto& wait : ended) wait.done(wait.deadline == TimePoint::max());
    for (const auto& wait : ended) {
      wanted.erase(wait.model);
      if (wait.deadline == TimePoint::max()) wished_[wait.model].fulfilled = true;
    }
    wish(wanted);
    lock.lock();
    // Whoever comes meanwhile is seen within this time, too.
    changed_.wait_for(lock, kPoll, [this] { return stopping_; });
  }
}

Lsn PositionWaits::look(const std::string& collection) {
  try {
    const auto request = plan_state(collection);
    auto answer = solr_.search(request.collection, request.parameters, kLookTimeout);
    // Another generation is live by now: the read is planned anew.
    if (answer.status == 404) return std::numeric_limits<Lsn>::max();
    if (answer.status == 200) return read_state(std::move(answer.body)).value_or(CollectionState{}).position;
  } catch (const Error& error) {
    spdlog::debug("serve: the position of {} is not known: {}", collection, error.log_text());
  }
  return 0;
}

void PositionWaits::wish(const std::map<std::string, Lsn>& wanted) {
  const auto now = Clock::now();
  for (const auto& [model, position] : wanted) {
    auto& last = wished_[model];
    if (now - last.at < (last.fulfilled ? kPoll : last.pause)) continue;
    last = {now, last.fulfilled ? kWishAgain : std::min(2 * last.pause, kLongestWishAgain), false};
    try {
      if (!connection_) {
        connection_ = std::make_unique<Connection>(pg_conninfo_, "daas serve waits", Session::kPlain, &interrupt_);
      }
      connection_->run("SELECT pg_notify('daas_wanted', $1)", {model + " " + to_text(position)});
    } catch (const Interrupted&) {
      return;
    } catch (const Error& error) {
      // Those who wait still see what comes by itself.
      spdlog::debug("serve: nobody can be told what is waited for: {}", error.log_text());
      connection_.reset();
      last.pause = kLongestWishAgain;
      return;
    }
  }
}

}  // namespace daas
