// Answers that are given again while the collection shows the same state.
//
// An answer belongs to a state of a collection: the fence that its searcher shows. It is given again only
// under a lease: proof, not older than its term, that a search saw the same fence. Each search renews the
// lease of its collection, so a hot answer costs one search a term, whatever asks for it, and a commit is
// seen one term after it at the latest; nothing has to tell the cache about commits, or to be alive.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/lsn.hpp"
#include "serve/http_message.hpp"
#include "serve/response.hpp"

namespace daas {

/// Thread-safe.
class AnswerCache {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Answer = std::shared_ptr<const ServerResponse>;

  /// @param capacity bytes of answers and keys; 0 turns it off
  AnswerCache(std::size_t capacity, std::chrono::milliseconds term) : capacity_(capacity), term_(term) {}

  bool on() const { return capacity_ > 0; }

  /// The answer to `key` that is still the collection's, or null. When half of the term is over, one caller gets null, so
  /// that his search renews the lease before it ends: else all of them would search at once each time it does.
  /// @param past only an answer whose position is greater, when not 0
  Answer find(const std::string& collection, std::string_view key, Lsn past, TimePoint now);
  /// A search that began at `asked` saw this state.
  void renew(const std::string& collection, const CollectionState& state, TimePoint asked);
  void keep(const std::string& collection, std::string key, const CollectionState& state, Answer answer);

 private:
  struct Entry {
    std::string key;  ///< of the collection, too
    CollectionState state;
    Answer answer;
    std::size_t bytes;
  };
  using Entries = std::list<Entry>;
  struct Lease {
    CollectionState state;
    TimePoint asked;
    bool renewing = false;  ///< somebody was sent to search, since half of the term was over
  };

  void drop(Entries::iterator entry);

  const std::size_t capacity_;
  const std::chrono::milliseconds term_;
  std::mutex mutex_;
  std::size_t bytes_ = 0;
  Entries entries_;  ///< the one used last comes first
  std::unordered_map<std::string_view, Entries::iterator> index_;  ///< keys live in the entries
  std::unordered_map<std::string, Lease> leases_;
};

}  // namespace daas
