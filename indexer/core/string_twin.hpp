// The indexed form of a text value. Lucene refuses terms over 32,766 bytes.
#pragma once

#include <string>
#include <string_view>

namespace daas {

/// The value itself up to 32,000 bytes; above, that many of its first bytes (cut at a UTF-8
/// boundary) and a SHA-256 of the whole, so that equality stays exact and order is by prefix. The
/// serving side applies the same function to what it compares with.
std::string string_twin(std::string_view value);

/// Whether the value is its own twin.
bool is_own_twin(std::string_view value);

}  // namespace daas
