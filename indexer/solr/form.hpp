// Percent encoding for paths, query strings and form bodies. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace daas {

/// Request parameters in the order in which they are sent; a name may occur more than once.
using FormParameters = std::vector<std::pair<std::string, std::string>>;

/// Every byte outside RFC 3986's unreserved set as %HH, the space too: right in a path segment, a
/// query string and a form body alike.
std::string percent_encode(std::string_view bytes);

/// "a=1&b=x%20y": a form body, or a query string without its question mark.
std::string form_encode(const FormParameters& parameters);

}  // namespace daas
