// The server's certificate and key, from files that a renewal replaces.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

namespace daas {

/// Thread-safe. Looks at the files at most once a second; while new ones can't be used, the last good pair stays.
class TlsFiles {
 public:
  /// @throws Error when they can't be read, are no pair, or others may read the key
  TlsFiles(std::string cert, std::string key);

  /// For a new connection; those that are open keep theirs.
  std::shared_ptr<boost::asio::ssl::context> context();

 private:
  using Time = std::filesystem::file_time_type;
  std::shared_ptr<boost::asio::ssl::context> read() const;
  std::pair<Time, Time> changed() const;

  const std::string cert_;
  const std::string key_;
  std::mutex mutex_;
  std::pair<Time, Time> seen_;  ///< before they were read, so that what comes meanwhile is seen
  std::shared_ptr<boost::asio::ssl::context> context_;
  std::chrono::steady_clock::time_point next_look_{};
};

}  // namespace daas
