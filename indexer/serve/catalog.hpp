// Keeps the serving role's knowledge of the APIs fresh: reads daas.served_api, listens for changes,
// and shares each reading as an immutable snapshot. While the database is away the last one serves.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "pg/connection.hpp"
#include "pg/interrupt.hpp"
#include "serve/api.hpp"

namespace daas {

/// The view's rows. Pure but for the query; rows that can't be understood are left out and logged.
Catalog read_catalog(Connection& connection);

/// Thread-safe. Owns one thread and one connection.
class CatalogWatcher {
 public:
  explicit CatalogWatcher(std::string conninfo);
  ~CatalogWatcher();
  CatalogWatcher(const CatalogWatcher&) = delete;
  CatalogWatcher& operator=(const CatalogWatcher&) = delete;

  /// The last reading, or null before the first.
  std::shared_ptr<const Catalog> current() const;
  /// Why there is no connection now; empty when all is well.
  std::string trouble() const;
  /// Waits for a reading that began after this call; false when none was made in time.
  bool refresh(std::chrono::milliseconds timeout);

 private:
  void run();
  void follow(Connection& connection);
  void publish(Catalog catalog, std::uint64_t wanted);

  const std::string conninfo_;
  Interrupt stop_;
  int wake_fd_;

  mutable std::mutex mutex_;
  std::condition_variable published_;
  std::shared_ptr<const Catalog> catalog_;
  std::string trouble_ = "no reading of the APIs yet";
  std::uint64_t wanted_ = 0;  ///< readings asked for
  std::uint64_t done_ = 0;    ///< the last request that a reading has satisfied

  std::thread thread_;
};

}  // namespace daas
