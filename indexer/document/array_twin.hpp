// The twin of an array: all its elements, in a multi-valued field, and a mark.
#pragma once

#include <string>
#include <string_view>

#include "core/value_type.hpp"

namespace daas {

/// Appends the elements of an array as `["…","…"]` and tells whether there is no NULL among them.
/// @param json the array as to_json() prints it, of any number of dimensions
bool append_array_twin(std::string& body, ValueType element, std::string_view json);

}  // namespace daas
