// One small document of the web: what a configured address has to say, and no more.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

namespace daas {

/// A URL, and not a file's path.
bool is_web_address(const std::string& location);

/// Whether keys may come from there: https, or http on the loopback, where nobody is in between; no
/// credentials, since addresses are logged.
/// @throws Error saying why not
void check_web_address(const std::string& url);

struct WebLimits {
  std::size_t bytes;
  std::chrono::milliseconds time;  ///< for all of it
};

/// The body of a 200. A redirect is an error: it could lead anywhere, and the address of keys is
/// configured, not found.
/// @param ca_file empty: the system's certificates
/// @param abort when it becomes true, the transfer ends within about a second
/// @throws Error(kRetry)
std::string fetch_document(const std::string& url, const std::string& ca_file, WebLimits limits,
                           const std::atomic<bool>& abort);

}  // namespace daas
