// What one run of the index role shares between its threads. Everything here is thread-safe or
// constant; it outlives the threads.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

#include "batch/rule.hpp"
#include "pg/replication.hpp"
#include "pipeline/bookkeeper.hpp"
#include "pipeline/feed.hpp"
#include "pipeline/index_metrics.hpp"
#include "pipeline/lanes.hpp"
#include "pipeline/spill.hpp"
#include "solr/endpoint.hpp"

namespace daas {

struct IndexOptions {
  std::string extension_version;  ///< that this daemon goes with
  std::string pg;              ///< bookkeeping: the replication role's ordinary session
  std::string pg_replication;
  std::string pg_reader;
  SolrEndpoint solr;
  std::string name_space;      ///< empty: the database's name
  std::string slot;            ///< empty: daas_<database oid>
  std::string publication = "daas";
  std::string plugin = kOwnPlugin;  ///< of the slot, or kPgoutput
  BatchLimits batch;
  Lanes::Limits lanes;
  std::chrono::milliseconds durable_interval{5000};
  /// How long a model may fail at the same batch, or hold up the others, before it is stopped (P6).
  std::chrono::milliseconds patience{60000};
  std::size_t queue_bytes = 64 << 20;
  SpillRule spill;
  std::size_t reader_connections = 4;
  std::size_t loads = 4;       ///< at a time; each has a reader connection of its own
  int shards = 1;
  int replicas = 1;
  bool adopt = false;          ///< take over collections of another owner
};

/// Reader connections, borrowed for a batch: their number is bounded whatever the number of models.
class ReaderPool {
 public:
  ReaderPool(std::string conninfo, std::size_t size);

  /// Gives its connection back when destroyed, unless it was broken.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Connection> connection);
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    Connection& operator*() const { return *connection_; }
    Connection* operator->() const { return connection_.get(); }
    /// The session is in order: no transaction is open.
    void keep() { keep_ = true; }

   private:
    ReaderPool& pool_;
    std::unique_ptr<Connection> connection_;
    bool keep_ = false;
  };

  /// Waits for a free place. Connections watch `interrupt` while they are borrowed.
  std::unique_ptr<Lease> borrow(const Interrupt& interrupt);

 private:
  const std::string conninfo_;
  const std::size_t size_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::size_t borrowed_ = 0;
  std::vector<std::unique_ptr<Connection>> idle_;
};

/// What a database's collections are named after when no option says so.
std::string default_namespace(const std::string& database);

/// Bounds the loads that run at a time, and with them their connections.
class LoadPlaces {
 public:
  explicit LoadPlaces(std::ptrdiff_t places) : free_(places) {}

  class Place {
   public:
    explicit Place(LoadPlaces& places) : places_(places) {}
    ~Place() { places_.free_.release(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    LoadPlaces& places_;
  };

  /// Waits for a free place. Throws Interrupted.
  std::unique_ptr<Place> take(const Interrupt& interrupt);

 private:
  std::counting_semaphore<> free_;
};

/// The reports of all models, for the coordinator to write down.
class ReportBoard {
 public:
  void set(const std::string& model, const ModelReport& report, bool at_once);
  void remove(const std::string& model);
  /// What changed since the last call.
  std::map<std::string, ModelReport> take_changed();
  /// They could not be written; what came meanwhile is newer.
  void put_back(const std::map<std::string, ModelReport>& reports);
  bool urgent() const { return urgent_.load(); }
  /// Called when a report should be written at once.
  std::function<void()> on_urgent;

 private:
  std::mutex mutex_;
  std::map<std::string, ModelReport> changed_;
  std::atomic<bool> urgent_{false};
};

/// What is amiss for every model alike though they go on, in words.
class Notice {
 public:
  void set(std::string words) {
    const std::lock_guard lock(mutex_);
    words_ = std::move(words);
  }
  std::string get() const {
    const std::lock_guard lock(mutex_);
    return words_;
  }

 private:
  mutable std::mutex mutex_;
  std::string words_;
};

struct IndexContext {
  const IndexOptions& options;
  Bookkeeper& bookkeeper;
  Feed& slot_feed;
  Feed& outbox_feed;
  ReaderPool& readers;
  LoadPlaces& loads;
  ReportBoard& board;
  IndexMetrics& metrics;
  std::string name_space;
  std::string owner;
  std::string configset;
  /// Why no live generation can go on, in words; empty when they can.
  std::string missed;
  Notice notice;
  /// False: nobody says when a table was altered, so the tables are looked at with each batch, and now and then.
  std::atomic<bool> told_of_ddl{true};
  std::int64_t epoch = 0;
  /// Of all models together: numbers never come back within an epoch.
  std::atomic<std::int64_t> last_batch{0};
  /// Ends this run with an error that a new run may heal (lost connection, restarted Solr).
  std::function<void(std::exception_ptr)> fail;

  Feed& feed(const Model& model) const { return model.by_outbox ? outbox_feed : slot_feed; }
  std::int64_t next_version() { return document_version(epoch, ++last_batch); }
};

}  // namespace daas
