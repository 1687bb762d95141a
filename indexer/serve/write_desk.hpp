// Runs planned writes: one transaction each, on kept connections of the writer's role.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "pg/connection.hpp"
#include "serve/api.hpp"
#include "serve/worker_pool.hpp"
#include "serve/write_plan.hpp"

namespace daas {

/// What one transaction did.
struct WriteResult {
  std::uint64_t count = 0;
  std::vector<std::string> documents;  ///< texts, of a representation
  std::string position;                ///< an LSN at or after the commit's; empty when it was only tried
};

/// One connection, made at the first use and again when it was lost. One thread.
class WriteSession {
 public:
  WriteSession(std::string conninfo, std::chrono::milliseconds timeout, const Interrupt* interrupt)
      : conninfo_(std::move(conninfo)), timeout_(timeout), interrupt_(interrupt) {}

  /// Runs the statements in one transaction (READ COMMITTED) with the claims as the setting
  /// request.jwt.claims; again, a few times, when it met others (40001, 40P01). Nothing is left of it when it throws, but
  /// after Refusal 503 with 08007 nobody knows.
  /// @throws PgError, Refusal 400, 403, 406, 409 for what the plan or the shape does not allow
  WriteResult run(const WritePlan& plan, const Api& api, const nlohmann::json& claims);

 private:
  void begin(const nlohmann::json& claims);
  WriteResult attempt(const WritePlan& plan, const Api& api, const nlohmann::json& claims);
  void undo() noexcept;

  std::string conninfo_;
  std::chrono::milliseconds timeout_;
  const Interrupt* interrupt_;
  std::unique_ptr<Connection> connection_;
};

/// Thread-safe.
class WriteDesk {
 public:
  struct Settings {
    std::string pg_conninfo;  ///< of the writer's role
    int threads = 4;          ///< writes at a time
    std::chrono::milliseconds timeout{10'000};  ///< of one statement
  };

  explicit WriteDesk(const Settings& settings);
  ~WriteDesk();

  /// Calls `job` once, on a thread of its own. False when too many are waiting.
  [[nodiscard]] bool try_run(std::function<void(WriteSession&)> job);
  void stop();

 private:
  Interrupt stop_;
  WorkerPool<WriteSession> workers_;
};

}  // namespace daas
