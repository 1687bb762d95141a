#include "serve/answer_cache.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace daas {
namespace {

constexpr std::size_t kEntryOverhead = 256;
constexpr std::size_t kMostLeases = 4096;  // of collections that are long gone

}  // namespace

AnswerCache::Answer AnswerCache::find(const std::string& collection, std::string_view key, Lsn past, TimePoint now) {
  const std::lock_guard lock(mutex_);
  const auto lease = leases_.find(collection);
  if (lease == leases_.end() || now - lease->second.asked > term_) return nullptr;
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  const auto entry = found->second;
  if (entry->state != lease->second.state) {
    drop(entry);
    return nullptr;
  }
  if (past != 0 && entry->state.position <= past) return nullptr;
  if (now - lease->second.asked > term_ / 2 && !std::exchange(lease->second.renewing, true)) return nullptr;
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->answer;
}

void AnswerCache::renew(const std::string& collection, const CollectionState& state, TimePoint asked) {
  if (!on()) return;
  const std::lock_guard lock(mutex_);
  if (leases_.size() >= kMostLeases && !leases_.contains(collection)) leases_.clear();
  auto& lease = leases_.try_emplace(collection, Lease{state, asked}).first->second;
  if (state == lease.state) {
    lease.asked = std::max(lease.asked, asked);
    lease.renewing = false;
  } else if (state.position >= lease.state.position || asked - lease.asked > term_) {
    // Else it is a replica that lags: it must not bring back what another one has left behind.
    lease = {state, asked};
  }
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

void AnswerCache::drop(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  index_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace daas
