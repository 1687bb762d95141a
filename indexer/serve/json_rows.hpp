// The body of a write: JSON text to rows, each value's bytes kept. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace daas {

/// Members in the body's order; each value is JSON text in which numbers are as they were sent, so that none
/// goes through a double. No name occurs twice.
using JsonRow = std::vector<std::pair<std::string, std::string>>;

struct JsonRows {
  std::vector<JsonRow> rows;
  bool array = false;  ///< false: the body is one object
};

/// An object, or an array of objects (RFC 8259, UTF-8).
/// @throws Refusal 400 PGRST102 for what is none, for an object with a member twice (readers differ in which
///         of the two they believe) and for more than 32 levels; 22P05 for U+0000, which PostgreSQL has not
JsonRows parse_json_rows(std::string_view body);

}  // namespace daas
