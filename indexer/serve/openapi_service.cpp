#include "serve/openapi_parts.hpp"

namespace daas {
namespace {

using nlohmann::ordered_json;

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

ordered_json with_token(ordered_json security) {
  security.push_back({{"token", ordered_json::array()}});
  return security;
}

ordered_json token_answer() {
  auto response = answer("Tokens.", openapi_reference("schemas", "Token"));
  response["headers"]["Cache-Control"] = {{"schema", {{"const", "no-store"}}}};
  return response;
}

ordered_json login_operation() {
  auto operation = service_operation("login", "Get a token for an account",
                                     ordered_json::array({{{"account", ordered_json::array()}}}));
  auto& responses = operation["responses"];
  responses["200"] = token_answer();
  add_responses(responses, OperationKind::kRead, {401, 429, 503});
  return operation;
}

ordered_json session_operation(const char* id, const char* summary, const char* description) {
  auto operation = service_operation(id, summary, nobody());
  operation["description"] = description;
  auto& body = operation["requestBody"];
  body["description"] = "The refresh token of the last answer that had one.";
  body["required"] = true;
  body["content"]["application/json"]["schema"] = ordered_json::parse(
      R"({"type":"object","required":["refresh_token"],"properties":{"refresh_token":{"type":"string"}}})");
  return operation;
}

ordered_json refresh_operation() {
  auto operation = session_operation("refresh", "Get the next token of a session",
                                     "A refresh token is good once. One that is used again ends its session, since two have it then.");
  auto& responses = operation["responses"];
  responses["200"] = token_answer();
  add_responses(responses, OperationKind::kSession, {401, 429, 503});
  return operation;
}

ordered_json logout_operation() {
  auto operation = session_operation("logout", "End a session",
                                     "With any of its refresh tokens, used or not. Access tokens live on until they expire.");
  auto& responses = operation["responses"];
  responses["204"] = {{"description", "There is no such session any more."}};
  add_responses(responses, OperationKind::kSession, {401, 429, 503});
  return operation;
}

ordered_json health_operation() {
  auto operation = service_operation("healthz", "Whether the process serves", nobody());
  auto& responses = operation["responses"];
  responses["200"] = answer("It does.", ordered_json::parse(
      R"({"type":"object","required":["status"],"properties":{"status":{"const":"ok"}}})"));
  add_responses(responses, OperationKind::kRead, {});
  return operation;
}

ordered_json openapi_operation(const ServerTraits& server) {
  auto operation = service_operation("openapi", "This document", with_token(nobody()));
  operation["parameters"] = ordered_json::array({openapi_reference("parameters", "If-None-Match")});
  auto& responses = operation["responses"];
  responses["200"] = answer("OpenAPI 3.1.", {{"type", "object"}});
  add_responses(responses, OperationKind::kRead, {304, 401, 503});
  if (server.limited) add_responses(responses, OperationKind::kRead, {429});
  return operation;
}

}  // namespace

ordered_json token_schema(const ServerTraits& server) {
  auto schema = ordered_json::parse(R"({
    "type": "object",
    "required": ["access_token", "token_type", "expires_in"],
    "properties": {
      "access_token": {"type": "string"},
      "token_type": {"const": "bearer"},
      "expires_in": {"type": "integer", "description": "Seconds."}
    }
  })");
  if (!server.sessions) return schema;
  schema["properties"]["refresh_token"] = {{"type", "string"}, {"description", "For POST /auth/refresh, once."}};
  schema["properties"]["refresh_expires_in"] = {{"type", "integer"}, {"description", "Seconds, of the whole session."}};
  for (const char* name : {"refresh_token", "refresh_expires_in"}) schema["required"].push_back(name);
  return schema;
}

ordered_json security_schemes() {
  return ordered_json::parse(R"({
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
              "description": "From POST /auth/login. Its claims decide which APIs and which of their rows it reads and writes."},
    "account": {"type": "http", "scheme": "basic", "description": "Name and password of an account, to log in with."}
  })");
}

void append_service_paths(ordered_json& paths, const ServerTraits& server) {
  paths["/auth/login"]["post"] = login_operation();
  if (server.sessions) {
    paths["/auth/refresh"]["post"] = refresh_operation();
    paths["/auth/logout"]["post"] = logout_operation();
  }
  paths["/healthz"]["get"] = health_operation();
  paths["/openapi.json"]["get"] = openapi_operation(server);
}

}  // namespace daas
