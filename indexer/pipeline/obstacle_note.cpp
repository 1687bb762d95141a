#include "pipeline/obstacle_note.hpp"

#include <unistd.h>

#include "core/utf8.hpp"
#include "pipeline/host_name.hpp"

namespace daas {

void note_obstacle(Connection& connection, const std::string& words, const std::string& hint) {
  connection.run(
      "INSERT INTO daas.daemon AS d (system_identifier, epoch, pid, host, reported_at, obstacle,"
      " obstacle_hint) SELECT system_identifier, 0, $1::int, $2, now(), $3, nullif($4, '')"
      " FROM pg_control_system()"
      " ON CONFLICT (singleton) DO UPDATE SET system_identifier = excluded.system_identifier,"
      " pid = excluded.pid, host = excluded.host, reported_at = now(),"
      " obstacle = excluded.obstacle, obstacle_hint = excluded.obstacle_hint"
      " WHERE NOT EXISTS (SELECT FROM pg_replication_slots s"
      "                    WHERE s.slot_name = d.slot AND s.active)"
      "   AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.relation = 'daas.outbox_reader'::regclass AND l.mode = 'ShareUpdateExclusiveLock'"
      "                    AND l.database = (SELECT b.oid FROM pg_database b WHERE b.datname = current_database()))",
      {std::to_string(getpid()), host_name(), valid_utf8(words), valid_utf8(hint)});
}

}  // namespace daas
