#include "serve/openapi.hpp"

#include <algorithm>
#include <vector>

#include "serve/column_schema.hpp"
#include "serve/openapi_parts.hpp"
#include "serve/scope_rule.hpp"

namespace daas {
namespace {

using nlohmann::ordered_json;

constexpr const char* kAbout =
    "Fast reads of models that are defined in SQL, in PostgREST's dialect. This document has the APIs that its reader may"
    " read: ask for it with a token to see what the token reaches. Every answer says how fresh it is (`Daas-Position`) and can"
    " be asked to be at least so fresh (`Daas-Min-Position`).";

ordered_json security_of(const Api& api) {
  auto security = ordered_json::array();
  if (api.is_public) security.push_back(ordered_json::object());
  security.push_back({{"token", ordered_json::array()}});
  return security;
}

/// Names claims and no scope column: that need not be one of the fields.
std::string about(const Api& api) {
  std::string text = "At most " + std::to_string(api.max_rows) + " rows an answer.";
  if (api.is_public) return text + " Everybody may read it.";
  std::string claims;
  for (const auto& pair : api.scope) claims += (claims.empty() ? "" : ", ") + pair.claim;
  return text + (claims.empty() ? " Any valid token reads all rows." : " Shows the rows that the token's claims reach: " + claims + ".");
}

ordered_json row_schema(const Api& api) {
  auto properties = ordered_json::object();
  for (const auto& field : api.fields) {
    if (const Column* const column = api.column(field)) append_member(properties, field, column_schema(*column));
  }
  return {{"type", "object"}, {"properties", std::move(properties)}};
}

ordered_json read_operation(const Api& api, bool head) {
  ordered_json operation;
  operation["operationId"] = (head ? "head_" : "read_") + api.path;
  operation["summary"] = head ? "The headers of a read" : "Read rows";
  operation["description"] = about(api);
  operation["tags"] = {api.path};
  operation["security"] = security_of(api);
  operation["parameters"] = read_parameters(api, head);
  auto& responses = operation["responses"];
  for (const char* status : {"200", "206"}) responses[status] = openapi_reference("responses", "rows." + api.path);
  add_responses(responses, {304, 401, 403, 404, 406, 416, 502, 503, 504});
  return operation;
}

/// Every operation of an API.
ordered_json path_item(const Api& api) {
  ordered_json item;
  item["get"] = read_operation(api, false);
  item["head"] = read_operation(api, true);
  return item;
}

ordered_json service_operation(const char* id, const char* summary, ordered_json security) {
  ordered_json operation;
  operation["operationId"] = id;
  operation["summary"] = summary;
  operation["tags"] = {"service"};
  operation["security"] = std::move(security);
  return operation;
}

ordered_json answer(const char* description, ordered_json schema) {
  ordered_json response;
  response["description"] = description;
  response["content"]["application/json"]["schema"] = std::move(schema);
  return response;
}

const ordered_json& nobody() {
  static const ordered_json kNone = ordered_json::array({ordered_json::object()});
  return kNone;
}

ordered_json login_operation() {
  auto operation = service_operation("login", "Get a token for an account",
                                     ordered_json::array({{{"account", ordered_json::array()}}}));
  auto& responses = operation["responses"];
  responses["200"] = answer("A token.", openapi_reference("schemas", "Token"));
  add_responses(responses, {401, 503});
  return operation;
}

ordered_json health_operation() {
  auto operation = service_operation("healthz", "Whether the process serves", nobody());
  auto& responses = operation["responses"];
  responses["200"] = answer("It does.", ordered_json::parse(
      R"({"type":"object","required":["status"],"properties":{"status":{"const":"ok"}}})"));
  add_responses(responses, {});
  return operation;
}

ordered_json openapi_operation() {
  auto security = nobody();
  security.push_back({{"token", ordered_json::array()}});
  auto operation = service_operation("openapi", "This document", std::move(security));
  operation["parameters"] = ordered_json::array({openapi_reference("parameters", "If-None-Match")});
  auto& responses = operation["responses"];
  responses["200"] = answer("OpenAPI 3.1.", {{"type", "object"}});
  add_responses(responses, {304, 401, 503});
  return operation;
}

ordered_json token_schema() {
  return ordered_json::parse(R"({
    "type": "object",
    "required": ["access_token", "token_type", "expires_in"],
    "properties": {
      "access_token": {"type": "string"},
      "token_type": {"const": "bearer"},
      "expires_in": {"type": "integer", "description": "Seconds."}
    }
  })");
}

ordered_json security_schemes() {
  return ordered_json::parse(R"({
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
              "description": "From POST /auth/login. Its claims decide which APIs and which of their rows it reads."},
    "account": {"type": "http", "scheme": "basic", "description": "Name and password of an account, to log in with."}
  })");
}

}  // namespace

ordered_json openapi_reference(const std::string& kind, const std::string& name) {
  return {{"$ref", "#/components/" + kind + "/" + name}};
}

void append_member(ordered_json& object, std::string name, ordered_json value) {
  auto& members = object.get_ref<ordered_json::object_t&>();
  members.ordered_json::object_t::Container::emplace_back(std::move(name), std::move(value));
}

bool may_see(const Api& api, const nlohmann::json* claims) {
  if (api.collection.empty()) return false;
  if (api.is_public && api.scope.empty()) return true;
  if (claims == nullptr) return false;
  const auto decided = scope_filters(api, *claims);
  const auto* filters = std::get_if<std::vector<ScopeFilter>>(&decided);
  return filters != nullptr && filters->size() == api.scope.size();
}

std::vector<const Api*> visible_apis(const Catalog& catalog, const nlohmann::json* claims) {
  std::vector<const Api*> apis;
  for (const auto& [path, api] : catalog.apis) {
    if (may_see(api, claims)) apis.push_back(&api);
  }
  std::sort(apis.begin(), apis.end(), [](const Api* a, const Api* b) { return a->path < b->path; });
  return apis;
}

ordered_json openapi(const std::vector<const Api*>& apis, const std::string& version) {
  ordered_json document;
  document["openapi"] = "3.1.0";
  document["info"] = {{"title", "daas"}, {"version", version}, {"description", kAbout}};
  document["externalDocs"] = {{"description", "The same to read and to try out"}, {"url", "docs"}};
  // Relative to this document, so that a proxy may serve everything under a prefix.
  document["servers"] = ordered_json::array({{{"url", "."}}});

  auto& tags = document["tags"] = ordered_json::array();
  auto& paths = document["paths"] = ordered_json::object();
  auto& components = document["components"];
  components["schemas"] = value_schemas();
  components["schemas"]["Error"] = error_schema();
  components["schemas"]["Token"] = token_schema();
  components["schemas"]["Bucket"] = ordered_json::parse(R"json({
    "type": "object", "description": "Rows that have a value, or lie from one bound to below another.",
    "properties": {"value": {}, "from": {}, "to": {}, "count": {"type": "integer", "minimum": 0}}, "required": ["count"]})json");
  components["parameters"] = shared_parameters();
  components["headers"] = shared_headers();
  components["responses"] = shared_responses();
  components["securitySchemes"] = security_schemes();
  for (const Api* const api : apis) {
    tags.push_back({{"name", api->path}});
    append_member(paths, "/" + api->path, path_item(*api));
    append_member(components["schemas"], api->path, row_schema(*api));
    append_parameters(components["parameters"], *api);
    append_member(components["responses"], "rows." + api->path, rows_response(*api));
  }
  tags.push_back({{"name", "service"}});
  paths["/auth/login"]["post"] = login_operation();
  paths["/healthz"]["get"] = health_operation();
  paths["/openapi.json"]["get"] = openapi_operation();
  return document;
}

}  // namespace daas
