// The table of errors and what heals them. The only one: who meets an error asks it for its remedy.
#pragma once

#include <string_view>

namespace daas {

enum class Remedy {
  kRetry,    ///< the other side is away or busy: the same request again, as long as it takes
  kAgain,    ///< a statement failed for a cause that may pass: its model tries again, for a while
  kRestart,  ///< what was sent or is known can't be relied on: the run begins anew where it confirmed
  kStop,     ///< never heals by itself: stop the model (or the process) and show the hint
};

/// Whether what failed may be tried again where it is, without a new run.
constexpr bool may_pass(Remedy remedy) {
  return remedy == Remedy::kRetry || remedy == Remedy::kAgain;
}

/// Of an error that PostgreSQL reports; appendix A of its manual lists the codes.
Remedy remedy_of_sqlstate(std::string_view sqlstate);

/// Of an answer of Solr that is not 200.
Remedy remedy_of_http_status(long status);

}  // namespace daas
