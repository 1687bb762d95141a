#include <algorithm>
#include <string_view>

#include "serve/column_schema.hpp"
#include "serve/openapi_parts.hpp"
#include "serve/write_service.hpp"

namespace daas {
namespace {

using nlohmann::ordered_json;

struct Write {
  const char* method;
  const char* key;         ///< of the path item
  const char* id;          ///< operationId is this and the path
  const char* summary;
  const char* description;
  const char* prefer;      ///< what Prefer does
};

constexpr Write kWriteOperations[] = {
    {"POST", "post", "insert_", "Insert rows", "One row or several, in one transaction.",
     "`return=representation` answers the rows; `resolution=merge-duplicates` updates, `ignore-duplicates` leaves the row that is there"
     " already; `missing=default`: a column of `columns` that an object lacks gets its DEFAULT; also `count=exact`, `tx=rollback` and"
     " `handling=strict`."},
    {"PATCH", "patch", "update_", "Change rows", "Those that the filters choose, in one transaction; without a filter it is refused.",
     "`return=representation` answers the rows as they are now; `handling=strict,max-affected=5` does nothing when there are more; also"
     " `count=exact` and `tx=rollback`."},
    {"DELETE", "delete", "delete_", "Delete rows", "Those that the filters choose, in one transaction; without a filter it is refused.",
     "`return=representation` answers the rows as they were; `handling=strict,max-affected=5` does nothing when there are more; also"
     " `count=exact` and `tx=rollback`."},
};

bool takes(const Api& api, std::string_view method) {
  const auto methods = methods_of(api);
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

std::string prefer_key(const Write& write) { return std::string("Prefer.") + write.method; }

ordered_json parameter(const char* name, const char* in, const char* description) {
  ordered_json parameter;
  parameter["name"] = name;
  parameter["in"] = in;
  parameter["description"] = description;
  parameter["schema"] = {{"type", "string"}};
  return parameter;
}

/// Members that a body may have, of none of which more is known than its type: a column that may not be null may have
/// a default, or a trigger that fills it.
ordered_json body_schema(const Api& api) {
  auto properties = ordered_json::object();
  for (const auto& field : api.fields) {
    const auto* target = api.target->column(field);
    const Column* const column = api.column(field);
    if (target != nullptr && target->field && target->writable && column != nullptr) {
      append_member(properties, field, column_schema(*column));
    }
  }
  ordered_json schema;
  schema["type"] = "object";
  schema["description"] = "Values as reads answer them, or as PostgreSQL reads the type otherwise. Other members are taken with `columns` only.";
  schema["properties"] = std::move(properties);
  schema["additionalProperties"] = false;
  return schema;
}

ordered_json request_body(const Api& api, bool insert) {
  const auto row = openapi_reference("schemas", "body." + api.path);
  ordered_json body;
  body["description"] = insert ? "A row, or an array of rows with the same members." : "The columns that change, with their new values.";
  body["required"] = true;
  auto& schema = body["content"]["application/json"]["schema"];
  if (insert) {
    schema["oneOf"] = {row, {{"type", "array"}, {"items", row}}};
  } else {
    schema = row;
  }
  return body;
}

ordered_json write_parameters(const Api& api, const Write& write) {
  const std::string_view method = write.method;
  auto references = ordered_json::array();
  references.push_back(openapi_reference("parameters", "select." + api.path));
  if (method != "DELETE") references.push_back(openapi_reference("parameters", "columns"));
  if (method == "POST") references.push_back(openapi_reference("parameters", "on_conflict"));
  references.push_back(openapi_reference("parameters", prefer_key(write)));
  if (method != "POST") append_write_conditions(references, api);
  return references;
}

ordered_json write_operation(const Api& api, const Write& write, const ServerTraits& server) {
  const bool insert = std::string_view(write.method) == "POST";
  ordered_json operation;
  operation["operationId"] = write.id + api.path;
  operation["summary"] = write.summary;
  operation["description"] = write.description;
  operation["tags"] = {api.path};
  operation["security"] = ordered_json::array({{{"token", ordered_json::array()}}});
  operation["parameters"] = write_parameters(api, write);
  const bool has_body = std::string_view(write.method) != "DELETE";
  if (has_body) operation["requestBody"] = request_body(api, insert);
  auto& responses = operation["responses"];
  responses[insert ? "201" : "200"] = openapi_reference("responses", "written." + api.path);
  if (!insert) responses["204"] = openapi_reference("responses", "Done");
  add_responses(responses, OperationKind::kWrite, {401, 403, 404, 405, 406, 409, 503, 504});
  if (has_body) add_responses(responses, OperationKind::kWrite, {415});
  if (server.limited) add_responses(responses, OperationKind::kWrite, {429});
  return operation;
}

}  // namespace

void append_shared_write_parts(ordered_json& components) {
  auto& parameters = components["parameters"];
  parameters["columns"] = parameter("columns", "query",
                                    "`a,b`: what counts in the body, and what is missing there is NULL; other members are passed over.");
  parameters["on_conflict"] = parameter("on_conflict", "query",
                                        "With a `resolution`: the unique columns that a conflict is about; by default the primary key.");
  for (const auto& write : kWriteOperations) {
    auto& prefer = parameters[prefer_key(write)] = parameter("Prefer", "header", write.prefer);
    prefer["example"] = "return=representation";
  }
}

void append_write_parts(ordered_json& components, const Api& api) {
  if (methods_of(api).size() <= 2) return;  // GET and HEAD
  append_member(components["schemas"], "body." + api.path, body_schema(api));
  append_member(components["responses"], "written." + api.path, written_response(api));
  append_write_filters(components["parameters"], api);
}

void append_write_operations(ordered_json& path_item, const Api& api, const ServerTraits& server) {
  for (const auto& write : kWriteOperations) {
    if (takes(api, write.method)) path_item[write.key] = write_operation(api, write, server);
  }
}

}  // namespace daas
