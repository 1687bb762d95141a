#include "core/remedy.hpp"

#include <algorithm>
#include <array>

namespace daas {
namespace {

struct Row {
  std::string_view prefix;
  Remedy remedy;
};

/// The first row that fits counts. What is not here repeats whenever the statement does.
constexpr std::array kSqlstates{
    Row{"08", Remedy::kRetry},     // connection lost or refused
    Row{"28", Remedy::kRetry},     // password, pg_hba: an operator may be mending it right now
    Row{"53300", Remedy::kRetry},  // too many connections
    Row{"57P", Remedy::kRetry},    // shutdown, crash, starting up
    Row{"40", Remedy::kAgain},     // serialization failure, deadlock
    Row{"53", Remedy::kAgain},     // disk full, out of memory, temp_file_limit
    Row{"55P03", Remedy::kRetry},  // lock timeout: ours is short, and whoever holds it may take long
    Row{"55", Remedy::kAgain},     // object in use
    Row{"57", Remedy::kAgain},     // canceled
    Row{"58", Remedy::kAgain},     // I/O error of the server
};

}  // namespace

Remedy remedy_of_sqlstate(std::string_view sqlstate) {
  const auto* const row =
      std::find_if(kSqlstates.begin(), kSqlstates.end(),
                   [&](const Row& candidate) { return sqlstate.starts_with(candidate.prefix); });
  return row == kSqlstates.end() ? Remedy::kStop : row->remedy;
}

Remedy remedy_of_http_status(long status) {
  switch (status) {
    case 400:
    case 413:
    case 414:
    case 415:
      return Remedy::kStop;
    default:
      // 401 and 403: somebody may be changing the password right now. 404: a collection that is
      // being loaded looks like one that is gone; who cares looks closer.
      return Remedy::kRetry;
  }
}

}  // namespace daas
