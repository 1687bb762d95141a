// The document id: the key's text.
#pragma once

#include <string>
#include <string_view>

namespace daas {

/// Appends one key column's text to an id: columns are joined by `|`; within a composite key, `|`
/// and `\` are escaped by `\` (design §2). A single key column's text stands as it is.
/// @param composite whether the key has more than one column
/// @param first whether this is the first column
void append_key_part(std::string& id, std::string_view text, bool composite, bool first);

}  // namespace daas
