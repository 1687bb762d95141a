// Order-preserving string of a numeric, so that Solr compares and sorts numerics exactly.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace daas {

/// Key of a numeric in PostgreSQL's text form ("-1.50", "NaN", "Infinity"); equal numerics (1.0,
/// 1.00) have equal keys and byte order is numeric order, NaN last, as in PostgreSQL.
/// Nothing when the text is not a numeric.
std::optional<std::string> numeric_key(std::string_view text);

}  // namespace daas
