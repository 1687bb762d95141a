// A value of the plugin's native encoding as PostgreSQL's text output under the pinned settings.
#pragma once

#include <string>
#include <string_view>

#include "core/value_type.hpp"

namespace daas {

/// @param bytes native encoding of docs/change_event.md; of the size that the type has
/// Throws Error(kStop) when they are not.
void append_native_text(std::string& out, ValueType type, std::string_view bytes);

}  // namespace daas
