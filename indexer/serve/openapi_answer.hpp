// GET / and GET /openapi.json, from a catalog to the answer. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "serve/api.hpp"
#include "serve/http_server.hpp"

namespace daas {

/// @param claims as of openapi()
/// @param accept the request's header: application/openapi+json is answered to who names it, which is
///        what PostgREST answers; application/json to everybody else
ServerResponse openapi_response(const Catalog& catalog, const nlohmann::json* claims, const std::string& accept,
                                const std::string& version);

}  // namespace daas
