// PostgreSQL's array syntax, as the text of a text[] parameter.
#pragma once

#include <optional>
#include <span>
#include <string>

namespace daas {

std::string array_text(std::span<const std::string> elements);
/// The same, with NULLs.
std::string array_text(std::span<const std::optional<std::string>> elements);

}  // namespace daas
