#include "serve/answer_cache.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace daas {
namespace {

constexpr std::size_t kEntryOverhead = 256;
constexpr std::size_t kMostLeases = 4096;  // of collections that are long gone

}  // namespace

class AnswerCache::Flight {
 public:
  Flight(AnswerCache& cache, Flights& flights, std::string name, TimePoint began)
      : cache_(cache), flights(flights), name(std::move(name)), began(began) {}
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;
  ~Flight() { cache_.end(*this); }

 private:
  AnswerCache& cache_;

 public:  // under the cache's lock
  Flights& flights;
  const std::string name;
  const TimePoint began;
  std::vector<Landed> waiting;
};

AnswerCache::Found AnswerCache::find(const std::string& collection, const std::string& key, Lsn past, TimePoint arrived,
                                     Wait wait, Landed landed) {
  Found result;  // outlives the lock: the end of a flight takes it
  const std::lock_guard lock(mutex_);
  const auto wait_for = [&](Flight& flight) {
    flight.waiting.push_back(std::move(landed));
    result.waits = true;
  };
  const auto lease = leases_.find(collection);
  auto found = lease == leases_.end() ? index_.end() : index_.find(key);
  if (found != index_.end() && found->second->state != lease->second.state) {
    drop(found->second);
    found = index_.end();
  }
  // What is not past the position is nobody's fault: only a search tells whether there is more by now.
  if (found != index_.end() && past != 0 && found->second->state.position <= past) found = index_.end();
  if (found == index_.end()) {
    Flight* const other = wait != Wait::kNone && past == 0 ? joinable(searches_, key, arrived - term_) : nullptr;
    if (other) {
      wait_for(*other);
    } else {
      result.search = begin(searches_, key, arrived);
    }
    return result;
  }
  const auto age = arrived - lease->second.asked;
  Flight* look = joinable(looks_, collection, arrived - term_);
  const bool due = age > term_ / 2 && look == nullptr;
  if (age <= term_) {
    entries_.splice(entries_.begin(), entries_, found->second);
    result.answer = entries_.front().answer;
    if (due) result.look = begin(looks_, collection, arrived);
  } else if (wait != Wait::kAny) {
    result.search = begin(searches_, key, arrived);
  } else {
    if (due) result.look = begin(looks_, collection, arrived);
    wait_for(due ? *result.look : *look);
  }
  return result;
}

void AnswerCache::renew(const std::string& collection, const CollectionState& state, TimePoint asked) {
  if (!on()) return;
  const std::lock_guard lock(mutex_);
  if (leases_.size() >= kMostLeases && !leases_.contains(collection)) leases_.clear();
  auto& lease = leases_.try_emplace(collection, Lease{state, asked}).first->second;
  if (state == lease.state) {
    lease.asked = std::max(lease.asked, asked);
  } else if (state.position >= lease.state.position || asked - lease.asked > term_) {
    // Else it is a replica that lags: it must not bring back what another one has left behind.
    lease = {state, asked};
  }
}

bool AnswerCache::admits(std::string_view key) {
  const std::uint64_t hash = std::hash<std::string_view>()(key);
  const std::lock_guard lock(mutex_);
  if (bytes_ <= capacity_ - capacity_ / 8) return true;  // what one answer takes at most
  return asked_before_(hash);
}

void AnswerCache::keep(const std::string& collection, std::string key, const CollectionState& state, Answer answer) {
  const auto bytes = key.size() + answer->body.size() + kEntryOverhead;
  // One answer must not push out all others.
  if (bytes > capacity_ / 8) return;
  const std::lock_guard lock(mutex_);
  const auto lease = leases_.find(collection);
  if (lease == leases_.end() || lease->second.state != state) return;
  if (const auto old = index_.find(key); old != index_.end()) drop(old->second);
  entries_.push_front({std::move(key), state, std::move(answer), bytes});
  index_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
  while (bytes_ > capacity_) drop(std::prev(entries_.end()));
}

AnswerCache::Flight* AnswerCache::joinable(const Flights& flights, const std::string& name, TimePoint since) {
  const auto found = flights.find(name);
  return found != flights.end() && found->second && found->second->began >= since ? found->second : nullptr;
}

std::shared_ptr<AnswerCache::Flight> AnswerCache::begin(Flights& flights, const std::string& name, TimePoint now) {
  auto flight = std::make_shared<Flight>(*this, flights, name, now);
  // The one before may end first, and its words with it.
  flights.erase(name);
  flights.emplace(flight->name, flight.get());
  return flight;
}

void AnswerCache::end(Flight& flight) {
  std::vector<Landed> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = flight.flights.find(flight.name);
    if (found != flight.flights.end() && found->second == &flight) flight.flights.erase(found);
    waiting.swap(flight.waiting);
  }
  const auto next = &flight.flights == &looks_ ? Wait::kSearch : Wait::kNone;
  for (const auto& landed : waiting) {
    try {
      landed(next);
    } catch (const std::exception& failure) {
      spdlog::error("serve: work failed: {}", failure.what());  // of memory, most likely: one request's end, not all of theirs
    }
  }
}

void AnswerCache::drop(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  index_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace daas
