// The term by which a searcher tells of which state it is.
//
// The fence of a collection (writer.hpp) holds one term, in the field `_state_`:
//
//   TERM    = AGE ":" ( POSITION | "half" )
//   AGE     = 16 hex digits of 2^63 - 1 - the fence's version, so that the newest term is the index's first
//   POSITION = 16 hex digits of an LSN
//
// Terms of fences that were replaced stay in an index until it merges them away. But versions only grow, so the first term
// is that of the fence which is there; and whoever asks for it (TermsComponent, `terms.limit=1`) need not search.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/lsn.hpp"

namespace daas {

struct FenceState {
  std::int64_t version = 0;
  /// Every commit that was finished when the insert LSN was below it is shown; nothing while a batch is not whole.
  std::optional<Lsn> position;
  bool operator==(const FenceState&) const = default;
};

constexpr std::string_view kStateField = "_state_";

std::string state_term(const FenceState& state);
/// Nothing for what is no such term.
std::optional<FenceState> parse_state_term(std::string_view term);

}  // namespace daas
