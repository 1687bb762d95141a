#include "serve/cross_origin.hpp"

#include <algorithm>

namespace daas {

bool CrossOrigin::allows(const std::string& origin) const {
  return !origin.empty() && std::any_of(allowed_.begin(), allowed_.end(), [&](const auto& allowed) {
           return allowed == "*" || allowed == origin;
         });
}

void CrossOrigin::open(ServerResponse& response, const std::string& origin) const {
  if (allowed_.empty()) return;
  if (!allows(origin)) {
    response.headers.emplace_back("Vary", "Origin");
    return;
  }
  // The origin itself and never with credentials: tokens come in a header of the page's own.
  response.headers.emplace_back("Access-Control-Allow-Origin", origin);
  response.headers.emplace_back("Vary", "Origin");
  response.headers.emplace_back("Access-Control-Expose-Headers",
                                "Content-Range, Content-Encoding, Daas-Position, Daas-Cursor, ETag, Preference-Applied, Retry-After");
}

ServerResponse CrossOrigin::preflight(const std::string& origin, const std::string& methods) const {
  ServerResponse response;
  response.status = 204;
  if (!allows(origin)) return response;
  open(response, origin);
  response.headers.emplace_back("Access-Control-Allow-Methods", methods + ", OPTIONS");
  response.headers.emplace_back("Access-Control-Allow-Headers",
                                "Authorization, Content-Type, Accept, Accept-Profile, Content-Profile, Prefer, Range, Range-Unit, "
                                "If-None-Match, Daas-Min-Position, X-Client-Info, apikey");
  response.headers.emplace_back("Access-Control-Max-Age", "86400");
  return response;
}

}  // namespace daas
