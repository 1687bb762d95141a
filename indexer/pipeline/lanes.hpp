// Sends documents over a few kept-alive connections in parallel.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/document.hpp"
#include "pg/interrupt.hpp"
#include "solr/endpoint.hpp"
#include "solr/writer.hpp"

namespace daas {

/// Tells about tries that failed and will be repeated; an empty text when it works again.
/// Called from lane threads.
using RetryObserver = std::function<void(const std::string&)>;

/// Calls `request` until it succeeds, with backoff and jitter from 0.1 s to 5 s. Errors whose remedy
/// is not kRetry pass through. Repeating an update whose answer was lost is harmless only because
/// every document carries its version: Solr drops what is not newer (design §6, P2).
void with_retry(const Interrupt& interrupt, const RetryObserver& observer,
                const std::function<void()>& request);

/// A model's sending side. One thread adds documents; each lane's bodies go out in order over its
/// own connection, so that the memory in flight is bounded. Used by one thread at a time.
class Lanes {
 public:
  struct Limits {
    std::size_t lanes = 2;
    std::size_t documents = 1000;    ///< a request holds at most
    std::size_t bytes = 1 << 20;     ///< or about
  };

  Lanes(const SolrEndpoint& endpoint, Limits limits, const Interrupt& interrupt,
        RetryObserver observer);
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  /// Called from lane threads when Solr has acknowledged a body. Set before the first begin().
  std::function<void()> on_acknowledged;

  /// Called from lane threads with what a collection refused; what it throws, finish() does. When it
  /// returns, tombstones take the places of the documents. Set before the first begin().
  std::function<void(const std::string& collection, std::vector<RefusedDocument>)> on_refused;
  /// Called with the id of each document that is added; may be empty.
  std::function<void(std::string_view)> on_added;

  /// Where the next documents go: each body is sent to each of them. What an earlier batch that
  /// failed left unsent is dropped.
  /// @param head a document that goes first in every body; empty: none
  void begin(std::vector<std::string> collections, std::string head = {});
  /// The body to append the document `id` to (by hash of the id; a document is one JSON object,
  /// without a comma). Call added() after it.
  std::string& body(std::string_view id);
  void added();
  /// Since begin(), of which some may not be sent yet.
  std::size_t added_so_far() const { return added_; }
  /// Sends what is left and waits for every answer. Returns how many documents were added since
  /// begin(). Throws the first error.
  std::size_t finish();

 private:
  struct Lane;
  void dispatch(Lane& lane);
  void run(Lane& lane);
  void send(Lane& lane, std::string_view body);
  std::vector<RefusedDocument> update(Lane& lane, const std::string& collection,
                                      std::string_view body);
  void set_aside(Lane& lane, const std::string& collection, std::vector<RefusedDocument> refused);
  bool quiet() const;

  const SolrEndpoint endpoint_;
  const Limits limits_;
  const Interrupt& interrupt_;
  const RetryObserver observer_;
  std::vector<std::string> collections_;
  std::string head_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  Lane* current_ = nullptr;
  std::size_t added_ = 0;
  bool dispatched_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool closing_ = false;
  std::exception_ptr error_;
};

}  // namespace daas
