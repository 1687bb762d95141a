// JSON objects from outside: one meaning or none.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace daas {

/// The object, or nothing when the text is not one JSON object, has a member twice (parsers differ
/// in which of the two they believe) or nests deeper than 32 levels.
std::optional<nlohmann::json> parse_strict_object(std::string_view text);

}  // namespace daas
