// The OpenAPI 3.1 document: what one caller may ask, and nothing of what that caller may not. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "serve/api.hpp"

namespace daas {

/// Whether a read of the API would be answered: it is public, or the claims reach into its scope; and
/// its first load is done. Denies by default, as scope_rule.hpp.
/// @param claims of the verified token; null when there is none
bool may_see(const Api& api, const nlohmann::json* claims);

/// The same bytes for the same APIs, in whatever order the catalog has them. APIs that the caller may
/// not see leave no trace in it.
/// @param claims as for may_see()
/// @param version of the daemon
nlohmann::ordered_json openapi(const Catalog& catalog, const nlohmann::json* claims, const std::string& version);

}  // namespace daas
