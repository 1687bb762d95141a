// Searches of SolrCloud that no thread waits for.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "serve/event_loops.hpp"
#include "solr/endpoint.hpp"
#include "solr/form.hpp"
#include "solr/http.hpp"

namespace daas {

struct SearchOutcome {
  HttpResponse answer;
  /// Why there is none; empty when there is.
  std::string failure = {};
};

/// Thread-safe. Each loop has kept-alive connections of its own. A node that can't be reached is passed over for the next
/// of the endpoint's; a search that a kept connection's end cut off is asked again.
class SearchClient {
 public:
  /// Called once, on a thread of the loops: the one that asked, if it was one. Dropped uncalled by stop().
  using Done = std::function<void(SearchOutcome)>;
  enum class Turn { kLast, kNext };

  /// @param at_a_time searches that Solr is asked at the same time; one of each loop may come on top
  /// @throws Error for an endpoint that can't be used
  SearchClient(SolrEndpoint endpoint, EventLoops& loops, int at_a_time);
  ~SearchClient();

  /// Through the hardened handler `/daas`. Parameters are sent in this order, as a form, any bytes in their values.
  /// @param timeout of the search, without the time in which it waits for its turn
  /// @return false, and `done` is dropped, when too many are waiting or stop() was called
  [[nodiscard]] bool search(const std::string& collection, const FormParameters& parameters, std::chrono::milliseconds timeout, Done done,
                            Turn turn = Turn::kLast);
  /// When the loops have stopped: ends what is under way and drops what waits. Idempotent.
  void stop();

 private:
  struct Shared;
  class Lane;

  std::unique_ptr<Shared> shared_;
  EventLoops& loops_;
  std::vector<std::unique_ptr<Lane>> lanes_;  ///< one of each loop
};

}  // namespace daas
