// A position in PostgreSQL's write-ahead log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace daas {

using Lsn = std::uint64_t;  ///< byte position; 0 is PostgreSQL's InvalidXLogRecPtr

/// PostgreSQL's text form: two hexadecimal halves, `16/B374D848`.
std::string to_text(Lsn lsn);
/// Nothing when the text is not a pg_lsn.
std::optional<Lsn> parse_lsn(std::string_view text);

}  // namespace daas
