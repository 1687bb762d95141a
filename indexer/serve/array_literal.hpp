// PostgreSQL's text form of an array of one dimension, as readers write it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace daas {

struct ArrayLiteral {
  std::vector<std::string> elements;  ///< those that are not NULL
  bool has_null = false;
};

/// `{a,"b,c",NULL}`.
/// @throws Refusal 400 22P02 for what is none, PGRST127 for one of several dimensions
ArrayLiteral parse_array_literal(std::string_view text);

}  // namespace daas
