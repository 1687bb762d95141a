// The OpenAPI 3.1 document: what one caller may ask, and nothing of what that caller may not. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "serve/api.hpp"

namespace daas {

/// Whether a read of the API would be answered: it is public, or the claims reach into its scope; and
/// its first load is done. Denies by default, as scope_rule.hpp.
/// @param claims of the verified token; null when there is none
bool may_see(const Api& api, const nlohmann::json* claims);

/// The APIs that a caller may see, by path. They live as long as the catalog.
std::vector<const Api*> visible_apis(const Catalog& catalog, const nlohmann::json* claims);

/// What a document says of the server itself.
struct ServerTraits {
  std::string version;    ///< of the daemon
  bool writes = false;    ///< it has a role that writes; without, no API has other methods than GET and HEAD
  bool sessions = false;  ///< logins can be refreshed
  bool limited = false;   ///< an account has so many requests a second
};

/// The document of these APIs, in which others leave no trace.
/// @param apis in the order of the document
nlohmann::ordered_json openapi(const std::vector<const Api*>& apis, const ServerTraits& server);

}  // namespace daas
