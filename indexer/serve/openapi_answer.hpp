// GET / and GET /openapi.json, from a catalog to the answer. No I/O.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <unordered_map>
#include <utility>

#include "serve/api.hpp"
#include "serve/http_server.hpp"
#include "serve/openapi.hpp"

namespace daas {

/// Keeps the documents of the last catalog, by the APIs that they show: one of hundreds of APIs takes a
/// tenth of a second to make, and nobody needs a token to ask for it. Thread-safe.
class OpenApiAnswers {
 public:
  explicit OpenApiAnswers(ServerTraits server) : server_(std::move(server)) {}

  /// @param claims as of openapi()
  /// @param accept the request's header: application/openapi+json is answered to who names it, which is
  ///        what PostgREST answers; application/json to everybody else
  ServerResponse answer(const std::shared_ptr<const Catalog>& catalog, const nlohmann::json* claims, const std::string& accept);

 private:
  using Body = std::shared_ptr<const std::string>;

  Body kept(const std::shared_ptr<const Catalog>& catalog, const std::string& key);
  void keep(const std::shared_ptr<const Catalog>& catalog, std::string key, Body body);

  const ServerTraits server_;
  std::mutex mutex_;
  std::shared_ptr<const Catalog> catalog_;  ///< that the bodies are of
  std::unordered_map<std::string, Body> bodies_;
  std::size_t bytes_ = 0;  ///< of all bodies
};

}  // namespace daas
