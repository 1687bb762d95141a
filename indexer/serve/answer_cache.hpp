// Answers that are given again while the collection shows the same state.
//
// An answer belongs to a state of a collection: the fence that its searcher shows. It is given again only
// under a lease: proof, not older than its term when the request came, that a search saw the same fence. When
// half of the term is over, the next caller has the collection looked at, so a hot answer costs one look a term,
// whatever asks for it, and a commit is seen one term after it at the latest; nothing has to tell the cache
// about commits, or to be alive. A request whose lease is over waits for the look under way, and one whose answer
// is not kept for the search of the same answer: however many ask, after a commit each answer is searched for once.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/lsn.hpp"
#include "serve/asked_before.hpp"
#include "serve/http_message.hpp"
#include "serve/response.hpp"

namespace daas {

/// Thread-safe.
class AnswerCache {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Answer = std::shared_ptr<const ServerResponse>;
  /// What a request may wait for: first anything, after a look for a search of its answer, after that for nothing more.
  enum class Wait { kAny, kSearch, kNone };
  /// Called once, on the thread that ends the flight, with what may be waited for then.
  using Landed = std::function<void(Wait)>;

  /// A search or a look under way, which others may wait for. Its end is the last owner's, with or without success;
  /// before that the cache must have been told what was found. Must not outlive the cache.
  class Flight;

  /// What a caller has to do; one of the first three, and perhaps `look` beside.
  struct Found {
    Answer answer = nullptr;                    ///< give it
    bool waits = false;                         ///< nothing: `landed` will be called
    std::shared_ptr<Flight> search = nullptr;   ///< search, and hold this meanwhile
    std::shared_ptr<Flight> look = nullptr;     ///< have the collection looked at, and hold this meanwhile
  };

  /// @param capacity bytes of answers and keys; 0 turns it off
  AnswerCache(std::size_t capacity, std::chrono::milliseconds term) : capacity_(capacity), term_(term) {}

  bool on() const { return capacity_ > 0; }

  /// @param past only an answer whose position is greater, when not 0
  /// @param arrived when the request came: what it is given was true at most a term before
  /// @param landed null for Wait::kNone
  Found find(const std::string& collection, const std::string& key, Lsn past, TimePoint arrived, Wait wait, Landed landed);
  /// A search or a look that began at `asked` saw this state.
  void renew(const std::string& collection, const CollectionState& state, TimePoint asked);
  /// Whether it is worth a copy of the answer to keep it. Always while there is room; when keeping it would push others
  /// out, only if it was asked for before: most answers never are again, and they must not cost those that are.
  bool admits(std::string_view key);
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
  };
  /// By what they find, in their own words: the key of an answer, or the name of a collection. Only the last one of each is
  /// waited for.
  using Flights = std::unordered_map<std::string_view, Flight*>;

  /// The one under way that a request of that time may wait for, or null.
  static Flight* joinable(const Flights& flights, const std::string& name, TimePoint since);
  std::shared_ptr<Flight> begin(Flights& flights, const std::string& name, TimePoint now);
  void end(Flight& flight);
  void drop(Entries::iterator entry);

  const std::size_t capacity_;
  const std::chrono::milliseconds term_;
  std::mutex mutex_;
  std::size_t bytes_ = 0;
  Entries entries_;  ///< the one used last comes first
  std::unordered_map<std::string_view, Entries::iterator> index_;  ///< keys live in the entries
  std::unordered_map<std::string, Lease> leases_;
  Flights searches_;
  Flights looks_;
  AskedBefore asked_before_;
};

}  // namespace daas
