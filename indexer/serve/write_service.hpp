// One write from its request to its answer.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "serve/catalog.hpp"
#include "serve/http_server.hpp"
#include "serve/request.hpp"
#include "serve/write_desk.hpp"

namespace daas {

/// Thread-safe: handle() is called on the server's threads, writes run on the desk's.
class WriteService {
 public:
  /// @param desk null when no writer's role is configured: every write is refused
  WriteService(CatalogWatcher& catalog, std::unique_ptr<WriteDesk> desk)
      : catalog_(catalog), desk_(std::move(desk)) {}

  /// Whether a writer's role is configured.
  bool can_write() const { return desk_ != nullptr; }
  /// @param claims of the verified token
  /// @throws Refusal
  void handle(const ServerRequest& request, const Target& target, const std::string& path, nlohmann::json claims,
              HttpServer::Reply reply);
  /// Undoes what is under way.
  void stop();

 private:
  struct Write;

  ServerResponse answer(WriteSession& session, Write& write);

  CatalogWatcher& catalog_;
  const std::unique_ptr<WriteDesk> desk_;
};

/// The methods that an API takes, for Allow and for pages of other origins.
std::vector<std::string_view> methods_of(const Api& api);

}  // namespace daas
