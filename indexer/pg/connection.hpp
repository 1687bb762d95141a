// One libpq connection whose waits an Interrupt ends.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "pg/interrupt.hpp"

namespace daas {

/// An error that PostgreSQL or libpq reported. Its remedy is the SQLSTATE's (core/remedy.hpp), but
/// kRestart when a session was lost that the run can't go on without.
class PgError : public Error {
 public:
  PgError(std::string sqlstate, const std::string& message, const std::string& hint = {});
  PgError(Remedy remedy, std::string sqlstate, const std::string& message,
          const std::string& hint = {});
  /// Five characters; 08006 when the connection was lost without a word.
  const std::string& sqlstate() const { return sqlstate_; }

  /// The server's report, field by field; empty when the words are libpq's own.
  struct Report {
    std::string message;
    std::string detail;  ///< may quote any row of any table
    std::string hint;
    std::string column;  ///< that the error is about
  };
  const Report& report() const { return report_; }
  void set_report(Report report) { report_ = std::move(report); }

 private:
  std::string sqlstate_;
  Report report_;
};

/// Rows of one statement, all text.
class Result {
 public:
  explicit Result(PGresult* result) : result_(result, &PQclear) {}

  int rows() const { return PQntuples(result_.get()); }
  int columns() const { return PQnfields(result_.get()); }
  bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  /// Valid as long as the result; empty for NULL.
  std::string_view operator()(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }
  std::string text(int row, int column) const { return std::string((*this)(row, column)); }
  std::int64_t integer(int row, int column) const;
  /// Oid of a column's type.
  std::uint32_t type(int column) const { return PQftype(result_.get(), column); }
  bool boolean(int row, int column) const { return (*this)(row, column) == "t"; }

 private:
  std::unique_ptr<PGresult, decltype(&PQclear)> result_;
};

/// A parameter in text form; nothing is NULL.
using Parameter = std::optional<std::string>;

struct Notification {
  std::string channel;
  std::string payload;
};

/// What every session of daas pins, so that text output is the document text's (design §2) and no
/// search_path or row policy of the role changes what a query means.
enum class Session {
  kPlain,        ///< bookkeeping and metadata: a run ends with it
  kReader,       ///< loads and fetches: read-only, row_security = off; a new one is as good
  kReplication,  ///< START_REPLICATION
  kWriter,       ///< an application's writes: its role's own search_path, which triggers may rely on
};

/// One owner, one thread. Not copyable.
class Connection {
 public:
  /// Connects, or throws PgError. `interrupt` may be null; it must outlive the connection.
  /// @param name shown as application_name
  Connection(const std::string& conninfo, const std::string& name, Session session,
             const Interrupt* interrupt);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Runs one or several statements without parameters and returns the last one's rows.
  Result run(const std::string& sql);
  /// Runs one statement with parameters $1….
  Result run(const std::string& sql, std::span<const Parameter> parameters);
  Result run(const std::string& sql, std::initializer_list<Parameter> parameters) {
    return run(sql, std::span<const Parameter>(parameters.begin(), parameters.size()));
  }
  /// `COPY (…) TO STDOUT`: calls row with each line of COPY's text format (see copy_text.hpp).
  void copy_out(const std::string& sql, const std::function<void(std::string_view)>& row);
  /// Notifications that came in; waits for one up to `timeout`, or until `other_fd` (-1: none) is
  /// readable.
  std::vector<Notification> notifications(std::chrono::milliseconds timeout, int other_fd = -1);

  /// Waits watch another interrupt from now on (null: none).
  void watch(const Interrupt* interrupt) { interrupt_ = interrupt; }
  PGconn* raw() { return connection_.get(); }
  /// Waits until the socket is readable; false after the timeout. Throws Interrupted.
  bool wait_readable(std::chrono::milliseconds timeout, int other_fd = -1);
  /// Turns libpq's last words into an exception: the connection is lost.
  [[noreturn]] void fail(const std::string& what);

 private:
  Result finish(const std::string& what);
  /// Turns an error result into an exception.
  [[noreturn]] void fail(PGresult* result, const std::string& what);
  /// What heals an error of this session.
  Remedy remedy(std::string_view sqlstate) const;
  void cancel() noexcept;

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  const Interrupt* interrupt_;
  const Session session_;
};

}  // namespace daas
