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
    "Fast reads of models that are defined in SQL, in PostgREST's dialect, and writes where an API allows them. This document"
    " has what its reader may do: ask for it with a token to see what the token reaches. Every answer says how fresh it is (`Daas-Position`) and can"
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

ordered_json read_operation(const Api& api, bool head, const ServerTraits& server) {
  ordered_json operation;
  operation["operationId"] = (head ? "head_" : "read_") + api.path;
  operation["summary"] = head ? "The headers of a read" : "Read rows";
  operation["description"] = about(api);
  operation["tags"] = {api.path};
  operation["security"] = security_of(api);
  operation["parameters"] = read_parameters(api, head);
  auto& responses = operation["responses"];
  for (const char* status : {"200", "206"}) responses[status] = openapi_reference("responses", "rows." + api.path);
  add_responses(responses, OperationKind::kRead, {304, 401, 403, 404, 406, 416, 502, 503, 504});
  if (server.limited) add_responses(responses, OperationKind::kRead, {429});
  return operation;
}

/// Every operation of an API.
ordered_json path_item(const Api& api, const ServerTraits& server) {
  ordered_json item;
  item["get"] = read_operation(api, false, server);
  item["head"] = read_operation(api, true, server);
  if (server.writes) append_write_operations(item, api, server);
  return item;
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

ordered_json openapi(const std::vector<const Api*>& apis, const ServerTraits& server) {
  ordered_json document;
  document["openapi"] = "3.1.0";
  document["info"] = {{"title", "daas"}, {"version", server.version}, {"description", kAbout}};
  document["externalDocs"] = {{"description", "The same to read and to try out"}, {"url", "docs"}};
  // Relative to this document, so that a proxy may serve everything under a prefix.
  document["servers"] = ordered_json::array({{{"url", "."}}});

  auto& tags = document["tags"] = ordered_json::array();
  auto& paths = document["paths"] = ordered_json::object();
  auto& components = document["components"];
  components["schemas"] = value_schemas();
  components["schemas"]["Error"] = error_schema();
  components["schemas"]["Token"] = token_schema(server);
  components["schemas"]["Bucket"] = ordered_json::parse(R"json({
    "type": "object", "description": "Rows that have a value, or lie from one bound to below another.",
    "properties": {"value": {}, "from": {}, "to": {}, "count": {"type": "integer", "minimum": 0}}, "required": ["count"]})json");
  components["parameters"] = shared_parameters();
  components["headers"] = shared_headers();
  components["responses"] = shared_responses();
  components["securitySchemes"] = security_schemes();
  if (server.writes) append_shared_write_parts(components);
  for (const Api* const api : apis) {
    tags.push_back({{"name", api->path}});
    append_member(paths, "/" + api->path, path_item(*api, server));
    append_member(components["schemas"], api->path, row_schema(*api));
    append_parameters(components["parameters"], *api);
    append_member(components["responses"], "rows." + api->path, rows_response(*api));
    if (server.writes) append_write_parts(components, *api);
  }
  tags.push_back({{"name", "service"}});
  append_service_paths(paths, server);
  return document;
}

}  // namespace daas
