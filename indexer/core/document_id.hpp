// The document id: the key's text.
#pragma once

#include <string>
#include <string_view>

#include "core/value_type.hpp"

namespace daas {

/// Appends one key column's text to an id: columns are joined by `|`; within a composite key, `|`
/// and `\` are escaped by `\` (design §2). A single key column's text stands as it is, but for
/// numbers: equal ones (1.0 and 1.00, 0 and -0) are one key and get one text.
/// @param type of the column; the extension refuses other keys whose equal values print differently
/// @param composite whether the key has more than one column
/// @param first whether this is the first column
void append_key_part(std::string& id, ValueType type, std::string_view text, bool composite,
                     bool first);

/// To be called when all parts are appended. Solr loses the empty id when it asks shards for rows by
/// id, so a key of nothing but backslashes, or of nothing, gets one backslash more. What is longer
/// than Lucene takes is cut and hashed: a btree holds such keys when they compress well.
void finish_id(std::string& id);

}  // namespace daas
