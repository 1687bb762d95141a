// The indexed forms of network addresses.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace daas {

/// Key of an inet or cidr in the forms that PostgreSQL reads as inet: `10.1.2.3`, `10.1/16`,
/// `::1/64`. Equal values have equal keys, and byte order is PostgreSQL's order: family, network,
/// length of the mask, address. Nothing when the text is none.
std::optional<std::string> inet_key(std::string_view text);

/// The text that PostgreSQL prints of a macaddr (6 bytes) or macaddr8 (8; one of 6 is widened), whose
/// byte order is the type's order. Nothing when the text is none in a form that PostgreSQL reads.
std::optional<std::string> macaddr_text(std::string_view text, std::size_t bytes);

}  // namespace daas
