#include "serve/write_desk.hpp"

#include "serve/refusal.hpp"

namespace daas {
namespace {

constexpr std::size_t kMostWrites = 256;
constexpr int kMostAttempts = 4;

bool met_others(const PgError& error) {
  return error.sqlstate() == "40001" || error.sqlstate() == "40P01";
}

/// What the rows of one statement allow; adds its documents.
void take_rows(const Result& rows, const WritePlan& plan, const WriteStatement& statement, const Api& api,
               WriteResult& result) {
  const std::int64_t count = rows.rows() == 0 ? 0 : rows.integer(0, 0);
  const std::int64_t outside = rows.rows() == 0 ? 0 : rows.integer(0, 1);
  if (outside > 0) throw Refusal(403, "42501", "new row violates the scope of API \"" + api.path + "\"");
  if (plan.every_row && static_cast<std::size_t>(count) < statement.sent) {
    // As an insert would be answered, so that a merge tells nothing more of rows of other scopes.
    throw Refusal(409, "23505", "duplicate key value violates unique constraint");
  }
  result.count += static_cast<std::uint64_t>(count);
  if (plan.max_affected && result.count > *plan.max_affected) {
    throw Refusal(400, "PGRST124", "Query result exceeds max-affected preference constraint",
                  "The query affects " + std::to_string(result.count) + " rows");
  }
  if (!plan.representation) return;
  const bool too_large = rows.rows() > 0 && rows.is_null(0, 2);
  if (result.count > kMostWrittenRows || too_large) {
    throw Refusal(400, "54000", "the answer would have more than 10,000 rows or 64 MB", {}, "send Prefer: return=minimal");
  }
  for (int row = 0; row < rows.rows(); ++row) result.documents.push_back(rows.text(row, 2));
}

Refusal uncertain() {
  return {503, "08007", "the connection to the database was lost while the write was committed",
          "it may or may not have been made", "read before it is tried again"};
}

void check_singular(const WritePlan& plan, const WriteResult& result) {
  if (plan.shape.format != Format::kObject || result.count == 1) return;
  throw Refusal(406, "PGRST116", "Cannot coerce the result to a single JSON object",
                "The result contains " + std::to_string(result.count) + " rows");
}

}  // namespace

void WriteSession::begin(const nlohmann::json& claims) {
  const auto start = [&] {
    if (!connection_) {
      connection_ = std::make_unique<Connection>(conninfo_, "daas serve write", Session::kWriter, interrupt_);
      connection_->run("SET statement_timeout = " + std::to_string(timeout_.count()) +
                       "; SET idle_in_transaction_session_timeout = '60s'");
    }
    connection_->run("BEGIN ISOLATION LEVEL READ COMMITTED");
  };
  const bool kept = connection_ != nullptr;
  try {
    start();
  } catch (const PgError&) {
    // A kept connection may have been cut while nobody used it; nothing was asked of it yet.
    const bool lost = PQstatus(connection_ ? connection_->raw() : nullptr) != CONNECTION_OK;
    if (lost) connection_.reset();
    if (!kept || !lost) throw;
    start();
  }
  connection_->run("SELECT pg_catalog.set_config('request.jwt.claims', $1, true)",
                   {claims.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)});
}

void WriteSession::undo() noexcept {
  if (!connection_) return;
  try {
    connection_->run("ROLLBACK");
  } catch (const std::exception&) {
    connection_.reset();  // with it, the server ends the transaction
  }
}

WriteResult WriteSession::attempt(const WritePlan& plan, const Api& api, const nlohmann::json& claims) {
  WriteResult result;
  bool committing = false, committed = false;
  try {
    begin(claims);
    for (const auto& statement : plan.statements) {
      const auto rows = connection_->run(statement.sql, statement.parameters);
      take_rows(rows, plan, statement, api, result);
    }
    check_singular(plan, result);
    if (plan.rollback) {
      connection_->run("SET CONSTRAINTS ALL IMMEDIATE");  // refused now as they would be at the end
      connection_->run("ROLLBACK");
      return result;
    }
    committing = true;
    connection_->run("COMMIT");
    committing = false;
    committed = true;
    result.position = connection_->run("SELECT pg_catalog.pg_current_wal_insert_lsn()").text(0, 0);
  } catch (const PgError&) {
    // It is done; only how fresh a read must be to see it is not known.
    if (committed) {
      connection_.reset();
      return result;
    }
    if (committing && connection_ && PQstatus(connection_->raw()) != CONNECTION_OK) {
      connection_.reset();
      throw uncertain();
    }
    undo();
    throw;
  } catch (const Refusal&) {
    undo();
    throw;
  } catch (...) {
    // Interrupted: the statement may go on for a while, so the connection is of no use.
    connection_.reset();
    if (committed) return result;
    if (committing) throw uncertain();
    throw;
  }
  return result;
}

WriteResult WriteSession::run(const WritePlan& plan, const Api& api, const nlohmann::json& claims) {
  for (int attempt_number = 1;; ++attempt_number) {
    try {
      return attempt(plan, api, claims);
    } catch (const PgError& error) {
      if (!met_others(error) || attempt_number == kMostAttempts) throw;
    }
  }
}

WriteDesk::WriteDesk(const Settings& settings)
    : workers_(settings.threads, kMostWrites, [&] {
        return std::make_unique<WriteSession>(settings.pg_conninfo, settings.timeout, &stop_);
      }) {}

WriteDesk::~WriteDesk() {
  stop();
}

bool WriteDesk::try_run(std::function<void(WriteSession&)> job) {
  return workers_.try_run(std::move(job));
}

void WriteDesk::stop() {
  stop_.raise();
  workers_.stop();
}

}  // namespace daas
