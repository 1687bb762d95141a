// What the JSON writer derives from a captured table, once for all its rows.
#pragma once

#include <cstdint>

#include "capture_table.hpp"
#include "json_value.hpp"

namespace daas {

struct JsonShape {
  const char* table;  ///< "schema":…,"table":…
  const char* key;    ///< "key":[…]
  const char* types;  ///< "types":{…}
  const char** names;
  JsonType* values;
  std::uint8_t* marks;  ///< of the columns in the open line
};

/// The member's shape, made when it is first needed. As old as the member: both go when the table
/// is read anew.
JsonShape* shape_of(const CapturedMember& member);

}  // namespace daas
