// The streaming replication protocol, logical slots (PostgreSQL documentation, chapters
// "Streaming Replication Protocol" and "Logical Streaming Replication Parameters").
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/lsn.hpp"
#include "pg/connection.hpp"

namespace daas {

/// Output plugins that a slot may have: the extension's own, and PostgreSQL's.
inline constexpr const char* kOwnPlugin = "daas";
inline constexpr const char* kPgoutput = "pgoutput";

/// Name of the slot of a database when none is configured.
std::string default_slot(const std::string& database_oid);

/// One walsender session. One owner, one thread.
class ReplicationStream {
 public:
  struct Message {
    enum class Kind { kNone, kData, kKeepalive };
    Kind kind = Kind::kNone;
    Lsn wal_end = 0;         ///< keepalive: everything before it has been sent
    bool reply_wanted = false;
    std::string data;        ///< the plugin's bytes
  };

  ReplicationStream(const std::string& conninfo, const Interrupt& interrupt);

  /// Creates the slot. Waits for every transaction that is open in the cluster; calls `waiting`
  /// about once a second meanwhile. Returns its consistent point.
  Lsn create_slot(const std::string& slot, const std::string& plugin,
                  const std::function<void()>& waiting);
  /// START_REPLICATION at the slot's own confirmed position. Throws PgError 55006 while another
  /// process streams from the slot.
  /// @param plugin of the slot, for its options
  void start(const std::string& slot, const std::string& plugin, const std::string& publication);
  /// The next message, or kNone after `timeout`.
  Message receive(std::chrono::milliseconds timeout);
  /// Tells the server that everything before `position` is durable in Solr.
  void confirm(Lsn position);
  /// Ends the stream in order, so that the slot is free at once.
  void finish() noexcept;

 private:
  Connection connection_;
  std::string slot_;
  bool pgoutput_ = false;
};

}  // namespace daas
