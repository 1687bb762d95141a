#include "pg/replication.hpp"

#include <cstring>

#include "core/big_endian.hpp"
#include "core/sql_quote.hpp"

namespace daas {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kPostgresEpochUs = 946684800000000;  // 2000-01-01 in Unix microseconds
constexpr std::size_t kDataHeader = 1 + 8 + 8 + 8;          // 'w', start, end, send time
constexpr std::size_t kKeepaliveSize = 1 + 8 + 8 + 1;       // 'k', end, send time, reply wanted

}  // namespace

std::string default_slot(const std::string& database_oid) { return "daas_" + database_oid; }

ReplicationStream::ReplicationStream(const std::string& conninfo, const Interrupt& interrupt)
    : connection_(conninfo, "daas-indexer capture", Session::kReplication, &interrupt) {}

Lsn ReplicationStream::create_slot(const std::string& slot, const std::string& plugin,
                                   const std::function<void()>& waiting) {
  const auto sql = "CREATE_REPLICATION_SLOT " + sql_quoted(slot, '"') + " LOGICAL " +
                   sql_quoted(plugin, '"') + " NOEXPORT_SNAPSHOT";
  if (!PQsendQuery(connection_.raw(), sql.c_str())) connection_.fail(sql);
  // Closing the connection on an interrupt ends the wait: the walsender notices and drops the
  // unfinished slot.
  while (PQisBusy(connection_.raw())) {
    if (!connection_.wait_readable(milliseconds(1000))) waiting();
    if (!PQconsumeInput(connection_.raw())) connection_.fail(sql);
  }
  const Result result(PQgetResult(connection_.raw()));
  if (result.rows() != 1) {
    const auto message = std::string(PQerrorMessage(connection_.raw()));
    if (plugin == kPgoutput) throw PgError("58000", "cannot create the replication slot " + slot + ": " + message);
    throw PgError("58000", "cannot create the replication slot " + slot + ": " + message,
                  "the plugin must be installed, and where PostgreSQL has the setting "
                  "output_plugin_libraries it must list it: ALTER ROLE … SET "
                  "output_plugin_libraries = pgoutput, test_decoding, daas");
  }
  const auto point = parse_lsn(result(0, 1));
  while (PGresult* const rest = PQgetResult(connection_.raw())) PQclear(rest);
  return point.value_or(0);
}

void ReplicationStream::start(const std::string& slot, const std::string& plugin, const std::string& publication) {
  slot_ = slot;
  pgoutput_ = plugin == kPgoutput;
  const auto options = pgoutput_ ? "messages 'true', publication_names " + sql_quoted(sql_quoted(publication, '"'), '\'')
                                 : "publication " + sql_quoted(publication, '\'');
  // 0/0: the server goes on at the slot's confirmed_flush_lsn.
  connection_.run("START_REPLICATION SLOT " + sql_quoted(slot, '"') + " LOGICAL 0/0 (proto_version '1', " + options + ")");
}

ReplicationStream::Message ReplicationStream::receive(milliseconds timeout) {
  char* data = nullptr;
  int size = PQgetCopyData(connection_.raw(), &data, 1);
  if (size == 0) {
    if (!connection_.wait_readable(timeout)) return {};
    if (!PQconsumeInput(connection_.raw())) connection_.fail("replication stream");
    size = PQgetCopyData(connection_.raw(), &data, 1);
  }
  const std::unique_ptr<char, decltype(&PQfreemem)> owner(data, &PQfreemem);
  if (size == 0) return {};
  if (size < 0) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQgetResult(connection_.raw()),
                                                              &PQclear);
    std::string words = result ? PQresultErrorMessage(result.get()) : "";
    if (words.empty()) words = PQerrorMessage(connection_.raw());
    const char* const state = result ? PQresultErrorField(result.get(), PG_DIAG_SQLSTATE) : nullptr;
    const auto problem = "the server ended the replication stream: " + words;
    // It reads the publication as of each change: of a time when there was none, it never gets past.
    if (pgoutput_ && state && std::string_view(state) == "42704") {
      throw Error(Remedy::kRetry, problem + "; changes were made while the publication was gone",
                  "SELECT daas.use_decoder('pgoutput'), then SELECT pg_drop_replication_slot(" + sql_quoted(slot_, '\'') +
                      "); the daemon makes a new one and loads every model anew");
    }
    throw PgError(state ? state : "08006", problem);
  }
  const std::string_view bytes(data, static_cast<std::size_t>(size));
  Message message;
  if (bytes[0] == 'w' && bytes.size() >= kDataHeader) {
    message.kind = Message::Kind::kData;
    message.wal_end = big_endian(bytes.substr(9, 8));
    message.data.assign(bytes.substr(kDataHeader));
  } else if (bytes[0] == 'k' && bytes.size() >= kKeepaliveSize) {
    message.kind = Message::Kind::kKeepalive;
    message.wal_end = big_endian(bytes.substr(1, 8));
    message.reply_wanted = bytes[17] != 0;
  } else {
    throw Error(Remedy::kStop, "the replication stream holds a message that is neither WAL data "
                               "nor a keepalive");
  }
  return message;
}

void ReplicationStream::confirm(Lsn position) {
  const auto now = std::chrono::duration_cast<std::chrono::microseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  std::string reply = "r";
  append_big_endian(reply, position);  // written
  append_big_endian(reply, position);  // flushed: becomes confirmed_flush_lsn
  append_big_endian(reply, position);  // applied
  append_big_endian(reply, now - kPostgresEpochUs);
  reply += '\0';
  if (PQputCopyData(connection_.raw(), reply.data(), static_cast<int>(reply.size())) != 1 ||
      PQflush(connection_.raw()) < 0) {
    connection_.fail("standby status update");
  }
}

void ReplicationStream::finish() noexcept {
  if (PQputCopyEnd(connection_.raw(), nullptr) == 1) PQflush(connection_.raw());
}

}  // namespace daas
