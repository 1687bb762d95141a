// Cross-origin resource sharing (the Fetch standard), by configuration. Pure.
#pragma once

#include <string>
#include <vector>

#include "serve/http_server.hpp"

namespace daas {

class CrossOrigin {
 public:
  /// @param allowed origins, `https://app.example`; `*`: any. Empty: none, and no header says anything.
  explicit CrossOrigin(std::vector<std::string> allowed) : allowed_(std::move(allowed)) {}

  /// Whether a page of that origin may read answers.
  bool allows(const std::string& origin) const;
  /// Lets a page of an allowed origin read the answer.
  void open(ServerResponse& response, const std::string& origin) const;
  /// The answer to the request that a browser makes before the real one.
  /// @param methods of what the address names
  ServerResponse preflight(const std::string& origin, const std::string& methods) const;

 private:
  std::vector<std::string> allowed_;
};

}  // namespace daas
