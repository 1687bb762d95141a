#include "serve/openapi_answer.hpp"

#include <nlohmann/json.hpp>

#include "serve/openapi.hpp"
#include "serve/text_cursor.hpp"

namespace daas {

ServerResponse openapi_response(const Catalog& catalog, const nlohmann::json* claims, const std::string& accept,
                                const std::string& version) {
  using nlohmann::ordered_json;
  ServerResponse response;
  const bool named = lower_ascii(accept).find("application/openapi+json") != std::string::npos;
  response.headers.emplace_back("Content-Type", named ? "application/openapi+json; charset=utf-8" : "application/json; charset=utf-8");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.body = openapi(catalog, claims, version).dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  return response;
}

}  // namespace daas
