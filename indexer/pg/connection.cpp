#include "pg/connection.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace daas {
namespace {

using std::chrono::milliseconds;

/// libpq's words on one line.
std::string trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::string line;
  for (const char c : text) {
    if (c == '\n') {
      line += "; ";
    } else if (c != '\t') {
      line += c;
    }
  }
  return line;
}

/// Whether PostgreSQL's words may quote row values: those of data exceptions and violated constraints
/// do, and a function's RAISE may say anything under any other code than the server's own.
bool may_quote_values(std::string_view sqlstate) {
  static constexpr std::array kDiscreet{"08", "0A", "25", "28", "3D", "3F", "40", "42",
                                        "53", "54", "55", "57", "58", "XX"};
  return std::none_of(kDiscreet.begin(), kDiscreet.end(),
                      [&](const char* prefix) { return sqlstate.starts_with(prefix); });
}

std::string field(const PGresult* result, int code) {
  const char* const text = PQresultErrorField(result, code);
  return text ? text : "";
}

/// The first words of a statement on one line, for messages; never its parameters.
std::string statement_name(const std::string& sql) {
  constexpr std::size_t kShown = 60;
  std::string name;
  for (const char c : sql) {
    const bool space = c == ' ' || c == '\n' || c == '\t';
    if (space && (name.empty() || name.back() == ' ')) continue;
    // Not within a character.
    if (name.size() >= kShown && (static_cast<unsigned char>(c) & 0xC0) != 0x80) return name + "…";
    name += space ? ' ' : c;
  }
  return name;
}

}  // namespace

PgError::PgError(std::string sqlstate, const std::string& message, const std::string& hint)
    : PgError(remedy_of_sqlstate(sqlstate), sqlstate, message, hint) {}

PgError::PgError(Remedy remedy, std::string sqlstate, const std::string& message,
                 const std::string& hint)
    : Error(remedy, message + " [" + sqlstate + "]", hint), sqlstate_(std::move(sqlstate)) {}

std::int64_t Result::integer(int row, int column) const {
  const auto text = (*this)(row, column);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw Error(Remedy::kStop, "PostgreSQL answered \"" + std::string(text) +
                                   "\" where an integer was expected");
  }
  return value;
}

Connection::Connection(const std::string& conninfo, const std::string& name, Session session,
                       const Interrupt* interrupt)
    : connection_(nullptr, &PQfinish), interrupt_(interrupt), session_(session) {
  const bool replication = session == Session::kReplication;
  // application_name wins over one in the connection string: a daemon that takes over from one that hangs finds its
  // sessions by it. The last two keywords end sessions whose peer vanished without a word.
  const std::array<const char*, 8> keywords{"dbname", "application_name",
                                            "client_encoding", "connect_timeout",
                                            "tcp_user_timeout", "keepalives_idle",
                                            replication ? "replication" : nullptr, nullptr};
  const std::array<const char*, 8> values{conninfo.c_str(), name.c_str(), "UTF8", "10",
                                          "60000",          "30",         "database", nullptr};
  connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 1));
  if (!connection_) throw std::bad_alloc();
  if (PQstatus(connection_.get()) == CONNECTION_BAD) fail("cannot connect to PostgreSQL");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  for (auto status = PGRES_POLLING_WRITING; status != PGRES_POLLING_OK;) {
    std::array<pollfd, 2> fds{
        pollfd{PQsocket(connection_.get()),
               static_cast<short>(status == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0},
        pollfd{interrupt_ ? interrupt_->fd() : -1, POLLIN, 0}};
    if (poll(fds.data(), fds.size(), 100) < 0 && errno != EINTR) fail("poll failed");
    if (interrupt_) interrupt_->check();
    if (std::chrono::steady_clock::now() > deadline) {
      throw PgError("08001", "cannot connect to PostgreSQL: no answer within 15 s");
    }
    if (fds[0].revents == 0) continue;
    status = PQconnectPoll(connection_.get());
    if (status == PGRES_POLLING_FAILED) fail("cannot connect to PostgreSQL");
  }
  // One statement a line: a walsender's SQL mode takes simple queries, too.
  std::string settings =
      "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; "
      "SET extra_float_digits = 1; SET bytea_output = 'hex'; SET quote_all_identifiers = off; "
      "SET statement_timeout = 0; SET lock_timeout = 0; "
      "SET idle_in_transaction_session_timeout = 0; ";
  if (session != Session::kWriter) settings += "SET search_path = pg_catalog; ";
  // The books must survive a crash and must not wait for a standby that is away.
  if (session == Session::kPlain) settings += "SET synchronous_commit = local; ";
  if (session == Session::kReader) {
    settings += "SET default_transaction_read_only = on; SET row_security = off; ";
    settings += "SET cursor_tuple_fraction = 1; ";  // cursors are read to their end
    // A reader holds its table while it waits for a partition; TRUNCATE and DROP of the partition ask
    // the other way round. Whoever waits for longer than deadlock_timeout is the one that PostgreSQL
    // ends, and that must never be the application's statement.
    settings += "SELECT set_config('lock_timeout', greatest(10, setting::int / 2)::text, false)"
                " FROM pg_settings WHERE name = 'deadlock_timeout'; ";
  }
  run(settings);
}

Remedy Connection::remedy(std::string_view sqlstate) const {
  const bool lost = PQstatus(connection_.get()) == CONNECTION_BAD;
  return lost && session_ != Session::kReader ? Remedy::kRestart : remedy_of_sqlstate(sqlstate);
}

void Connection::fail(const std::string& what) {
  constexpr const char* kConnectionFailure = "08006";
  throw PgError(remedy(kConnectionFailure), kConnectionFailure,
                what + ": " + trimmed(PQerrorMessage(connection_.get())));
}

void Connection::fail(PGresult* raw, const std::string& what) {
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(raw, &PQclear);
  const auto sqlstate = field(raw, PG_DIAG_SQLSTATE);
  if (sqlstate.empty()) fail(what);
  auto message = what + ": " + field(raw, PG_DIAG_MESSAGE_PRIMARY);
  if (const auto detail = field(raw, PG_DIAG_MESSAGE_DETAIL); !detail.empty()) {
    message += " (" + detail + ")";
  }
  const auto hint = field(raw, PG_DIAG_MESSAGE_HINT);
  const bool quotes = may_quote_values(sqlstate);
  // Hints are logged: one that may quote values is a part of the message instead.
  PgError error(remedy(sqlstate), sqlstate, quotes && !hint.empty() ? message + " HINT: " + hint : message,
                quotes ? std::string() : hint);
  error.set_report({field(raw, PG_DIAG_MESSAGE_PRIMARY), field(raw, PG_DIAG_MESSAGE_DETAIL), hint,
                    field(raw, PG_DIAG_COLUMN_NAME)});
  if (quotes) {
    error.set_log_text(what + ": refused by PostgreSQL, whose words may quote values and are not logged [" +
                       sqlstate + "]");
  }
  throw error;
}

bool Connection::wait_readable(milliseconds timeout, int other_fd) {
  std::array<pollfd, 3> fds{pollfd{PQsocket(connection_.get()), POLLIN, 0},
                            pollfd{interrupt_ ? interrupt_->fd() : -1, POLLIN, 0},
                            pollfd{other_fd, POLLIN, 0}};
  const int ready = poll(fds.data(), fds.size(), static_cast<int>(timeout.count()));
  if (ready < 0 && errno != EINTR) fail("poll failed");
  if (interrupt_) interrupt_->check();
  return fds[0].revents != 0;
}

void Connection::cancel() noexcept {
  const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> request(PQgetCancel(connection_.get()),
                                                                  &PQfreeCancel);
  char message[256];
  if (request) PQcancel(request.get(), message, sizeof message);
}

Result Connection::finish(const std::string& what) {
  std::unique_ptr<PGresult, decltype(&PQclear)> last(nullptr, &PQclear);
  try {
    while (true) {
      while (PQisBusy(connection_.get())) {
        wait_readable(milliseconds(1000));
        if (!PQconsumeInput(connection_.get())) fail(what);
      }
      PGresult* const result = PQgetResult(connection_.get());
      if (!result) break;
      const auto status = PQresultStatus(result);
      if (status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) return Result(result);
      if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        // The rest of the answer must be read before the connection can be used again.
        last.reset(result);
        while (PGresult* const rest = PQgetResult(connection_.get())) PQclear(rest);
        fail(last.release(), what);
      }
      last.reset(result);
    }
  } catch (const Interrupted&) {
    cancel();
    throw;
  }
  if (!last) fail(what);
  return Result(last.release());
}

Result Connection::run(const std::string& sql) {
  if (!PQsendQuery(connection_.get(), sql.c_str())) fail(statement_name(sql));
  return finish(statement_name(sql));
}

Result Connection::run(const std::string& sql, std::span<const Parameter> parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const auto& parameter : parameters) {
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  if (!PQsendQueryParams(connection_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                         values.data(), nullptr, nullptr, 0)) {
    fail(statement_name(sql));
  }
  return finish(statement_name(sql));
}

void Connection::copy_out(const std::string& sql,
                          const std::function<void(std::string_view)>& row) {
  const auto what = statement_name(sql);
  run(sql);
  try {
    while (true) {
      char* data = nullptr;
      const int size = PQgetCopyData(connection_.get(), &data, 1);
      const std::unique_ptr<char, decltype(&PQfreemem)> owner(data, &PQfreemem);
      if (size > 0) {
        row({data, static_cast<std::size_t>(size)});
      } else if (size == 0) {
        wait_readable(milliseconds(1000));
        if (!PQconsumeInput(connection_.get())) fail(what);
      } else if (size == -1) {
        break;
      } else {
        fail(what);
      }
    }
  } catch (...) {
    cancel();
    throw;
  }
  finish(what);
}

std::vector<Notification> Connection::notifications(milliseconds timeout, int other_fd) {
  std::vector<Notification> found;
  const auto collect = [&] {
    if (!PQconsumeInput(connection_.get())) fail("LISTEN");
    while (PGnotify* const raw = PQnotifies(connection_.get())) {
      const std::unique_ptr<PGnotify, decltype(&PQfreemem)> owner(raw, &PQfreemem);
      found.push_back({raw->relname, raw->extra});
    }
  };
  collect();
  if (found.empty()) {
    wait_readable(timeout, other_fd);
    collect();
  }
  return found;
}

}  // namespace daas
