#include "pipeline/lanes.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "core/backoff.hpp"
#include "core/error.hpp"
#include "document/document_writer.hpp"
#include "pipeline/collection_gone.hpp"

namespace daas {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kFirstResend{100};
constexpr milliseconds kLongestResend{5000};
/// One body is being sent while the next is waiting.
constexpr std::size_t kQueuedBodies = 2;
constexpr std::size_t kInlineDocuments = 64;

}  // namespace

void with_retry(const Interrupt& interrupt, const RetryObserver& observer,
                const std::function<void()>& request) {
  Backoff backoff(kFirstResend, kLongestResend);
  for (bool failed = false;; failed = true) {
    interrupt.check();
    try {
      request();
      if (failed) observer("");
      return;
    } catch (const Error& error) {
      interrupt.check();
      if (error.remedy() != Remedy::kRetry) throw;
      observer(error.log_text());
    }
    interrupt.wait(backoff.next());
  }
}

struct Lanes::Lane {
  std::unique_ptr<SolrWriter> writer;
  std::string body;
  std::size_t documents = 0;
  std::deque<std::string> queue;
  std::vector<std::string> spare;  ///< bodies whose memory is used again
  bool busy = false;
  std::thread thread;
};

Lanes::Lanes(const SolrEndpoint& endpoint, Limits limits, const Interrupt& interrupt,
             RetryObserver observer)
    : endpoint_(endpoint), limits_(limits), interrupt_(interrupt), observer_(std::move(observer)) {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, limits_.lanes); ++i) {
    lanes_.push_back(std::make_unique<Lane>());
  }
}

Lanes::~Lanes() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    changed_.notify_all();
  }
  for (auto& lane : lanes_) {
    if (lane->thread.joinable()) lane->thread.join();
  }
}

bool Lanes::quiet() const {
  return std::all_of(lanes_.begin(), lanes_.end(),
                     [](const auto& lane) { return lane->queue.empty() && !lane->busy; });
}

void Lanes::begin(std::vector<std::string> collections, std::string head) {
  std::unique_lock lock(mutex_);
  for (auto& lane : lanes_) {
    lane->queue.clear();
    lane->body.clear();
    lane->documents = 0;
  }
  // The lanes read collections_ while they send.
  changed_.wait(lock, [&] { return quiet(); });
  collections_ = std::move(collections);
  head_ = std::move(head);
  added_ = 0;
  dispatched_ = false;
  error_ = nullptr;
}

std::string& Lanes::body(std::string_view id) {
  if (on_added) on_added(id);
  current_ = lanes_[std::hash<std::string_view>{}(id) % lanes_.size()].get();
  if (current_->documents > 0) {
    current_->body += ',';
  } else {
    current_->body += '[';
    if (!head_.empty()) current_->body.append(head_).append(1, ',');
  }
  return current_->body;
}

void Lanes::added() {
  ++added_;
  ++current_->documents;
  if (current_->documents >= limits_.documents || current_->body.size() >= limits_.bytes) {
    dispatch(*current_);
  }
}

void Lanes::dispatch(Lane& lane) {
  lane.body += ']';
  lane.documents = 0;
  dispatched_ = true;
  if (!lane.thread.joinable()) lane.thread = std::thread([this, &lane] { run(lane); });
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return lane.queue.size() < kQueuedBodies || error_; });
  if (error_) std::rethrow_exception(error_);
  lane.queue.push_back(std::move(lane.body));
  lane.body.clear();
  if (!lane.spare.empty()) {
    lane.body = std::move(lane.spare.back());
    lane.spare.pop_back();
    lane.body.clear();
  }
  changed_.notify_all();
}

void Lanes::run(Lane& lane) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return closing_ || !lane.queue.empty(); });
    if (closing_) return;
    auto body = std::move(lane.queue.front());
    lane.queue.pop_front();
    lane.busy = true;
    const bool failed = error_ != nullptr;
    lock.unlock();
    std::exception_ptr error;
    try {
      if (!failed) send(lane, body);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && !error_) error_ = error;
    lane.busy = false;
    if (lane.spare.size() < kQueuedBodies) lane.spare.push_back(std::move(body));
    changed_.notify_all();
  }
}

std::vector<RefusedDocument> Lanes::update(Lane& lane, const std::string& collection,
                                           std::string_view body) {
  std::vector<RefusedDocument> refused;
  const auto first_try = std::chrono::steady_clock::now();
  with_retry(interrupt_, observer_, [&] {
    // What is gone does not come back: waiting for it would hold up the slot for ever.
    if (std::chrono::steady_clock::now() - first_try > kMissingPatience) {
      SolrAdmin admin(endpoint_, &interrupt_.flag());
      check_exists(admin, collection);
    }
    if (!lane.writer) lane.writer = std::make_unique<SolrWriter>(endpoint_, &interrupt_.flag());
    refused = lane.writer->update(collection, body);
    if (on_acknowledged) on_acknowledged();
  });
  return refused;
}

void Lanes::set_aside(Lane& lane, const std::string& collection,
                      std::vector<RefusedDocument> refused) {
  std::string tombstones;
  for (const auto& document : refused) {
    tombstones += tombstones.empty() ? '[' : ',';
    DocumentWriter::append_tombstone(tombstones, document.id, document.version);
  }
  tombstones += ']';
  // First the word: once the tombstone is there, Solr drops the document for its version and no
  // longer says that it refuses it.
  on_refused(collection, std::move(refused));
  if (!update(lane, collection, tombstones).empty()) {
    throw Error(Remedy::kStop, "Solr refused a tombstone in the collection " + collection);
  }
}

void Lanes::send(Lane& lane, std::string_view body) {
  for (const auto& collection : collections_) {
    auto refused = update(lane, collection, body);
    if (!refused.empty()) set_aside(lane, collection, std::move(refused));
  }
}

std::size_t Lanes::finish() {
  if (!dispatched_ && added_ <= kInlineDocuments) {
    // A small batch is not worth waking a thread for. No lane thread is busy: nothing was queued.
    for (auto& lane : lanes_) {
      if (lane->documents == 0) continue;
      lane->body += ']';
      lane->documents = 0;
      send(*lane, lane->body);
      lane->body.clear();
    }
  }
  for (auto& lane : lanes_) {
    if (lane->documents > 0) dispatch(*lane);
  }
  std::unique_lock lock(mutex_);
  // Also after an error: no lane may still be sending when the caller goes on to something else.
  changed_.wait(lock, [&] { return quiet(); });
  if (error_) std::rethrow_exception(error_);
  return added_;
}

}  // namespace daas
