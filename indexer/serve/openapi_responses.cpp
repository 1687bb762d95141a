#include <algorithm>
#include <iterator>

#include "serve/column_schema.hpp"
#include "serve/openapi_parts.hpp"

namespace daas {
namespace {

using nlohmann::ordered_json;

struct SharedHeader {
  const char* name;
  bool always;  ///< of every answer with rows
  const char* description;
};

constexpr SharedHeader kHeaders[] = {
    {"Content-Range", true, "`0-19/58665`: which rows of how many; `*` for what is not known, or not asked for."},
    {"ETag", true, "Of these bytes and this count; for If-None-Match."},
    {"Daas-Position", false, "Everything that was committed up to this position of PostgreSQL's WAL is in the answer."},
    {"Daas-Cursor", false, "The next page's `_cursor`; the last page has none."},
    {"Preference-Applied", false, "`count=exact`, if a count was asked for."},
    {"Cache-Control", true, "`private, no-cache`: to be asked for again, with If-None-Match."},
    {"Vary", true, "What else the answer depends on."},
    {"WWW-Authenticate", false, "How to authenticate."},
    {"Retry-After", false, "Seconds until another try is worth while."},
};

struct SharedResponse {
  unsigned status;
  const char* name;
  bool any_request;  ///< may get it
  const char* description;
  const char* codes;
  const char* header = nullptr;
};

// docs/api.md has the same table.
constexpr SharedResponse kResponses[] = {
    {304, "NotModified", false, "The answer still has the ETag that If-None-Match names.", ""},
    {400, "BadRequest", true, "The request can't be parsed, names what there is not, or has a value that is none of the column's type.",
     "PGRST100 PGRST122 PGRST123 PGRST127 PGRST200 0A000 22003 22007 22008 22009 2200F 22015 2201B 22021 22023 22025 22P02 42703"
     " 42804 42846 42883 54000 54001 54011"},
    {401, "Unauthorized", false, "No token where one is needed, one that is not valid, or a wrong account or password.",
     "PGRST301 PGRST302 PGRST303 28P01", "WWW-Authenticate"},
    {403, "Forbidden", false, "The token's claims do not reach into the API's scope.", "42501"},
    {404, "NotFound", false, "There is no such API, or not any more.", "PGRST125 PGRST205"},
    {406, "NotAcceptable", false, "No such media type or profile, or one object was asked for where there is not one row.",
     "PGRST106 PGRST107 PGRST116"},
    {413, "ContentTooLarge", true, "The request's body is over 64 KB.", "PGRST100"},
    {414, "UriTooLong", true, "The request's address is over 8 KB.", "PGRST100"},
    {416, "RangeNotSatisfiable", false, "There are fewer rows than the offset, or the range is none.", "PGRST103", "Content-Range"},
    {431, "HeaderTooLarge", true, "The request's header is over 16 KB.", "PGRST100"},
    {500, "InternalError", true, "A defect of the server; its log says more.", "XX000"},
    {502, "BadGateway", false, "The search engine's answer can't be read.", "XX000"},
    {503, "Unavailable", false, "Not loaded yet, or a part of the service does not answer: try again.", "PGRST000", "Retry-After"},
    {504, "Timeout", false, "The search took too long, or the asked position is not visible yet.", "PGRST003"},
};

ordered_json json_content(ordered_json schema) {
  return {{"application/json", {{"schema", std::move(schema)}}}};
}

}  // namespace

ordered_json shared_headers() {
  ordered_json headers;
  for (const auto& each : kHeaders) {
    auto& header = headers[each.name];
    header["description"] = each.description;
    if (each.always) header["required"] = true;
    header["schema"] = {{"type", "string"}};
  }
  return headers;
}

ordered_json error_schema() {
  return ordered_json::parse(R"({
    "type": "object",
    "description": "Every error, as PostgREST has it.",
    "required": ["code", "message", "details", "hint"],
    "additionalProperties": false,
    "properties": {
      "code": {"type": "string", "pattern": "^(PGRST[0-9]{3}|[0-9A-Z]{5})$", "description": "An SQLSTATE, or PostgREST's number where it has one."},
      "message": {"type": "string"},
      "details": {"type": ["string", "null"]},
      "hint": {"type": ["string", "null"], "description": "What to do about it."}
    }
  })");
}

ordered_json shared_responses() {
  ordered_json responses;
  for (const auto& each : kResponses) {
    auto& response = responses[each.name];
    response["description"] = each.description;
    // Not by reference: a header that answers with rows always have may be missing here.
    if (each.header != nullptr) response["headers"][each.header]["schema"] = {{"type", "string"}};
    if (each.status < 400) continue;
    response["description"] = std::string(each.description) + " Codes: " + each.codes + ".";
    response["content"] = json_content(openapi_reference("schemas", "Error"));
  }
  return responses;
}

ordered_json rows_response(const Api& api) {
  const auto row = openapi_reference("schemas", api.path);
  const ordered_json rows = {{"type", "array"}, {"items", row}};
  ordered_json response;
  response["description"] = "The rows.";
  for (const auto& each : kHeaders) {
    const std::string_view name = each.name;
    if (name == "WWW-Authenticate" || name == "Retry-After") continue;
    response["headers"][each.name] = openapi_reference("headers", each.name);
  }
  auto& content = response["content"];
  // With _facet it is an object.
  ordered_json counted;
  counted["type"] = "object";
  counted["properties"]["rows"] = rows;
  counted["properties"]["facets"] = {{"type", "object"}, {"additionalProperties", {{"type", "array"}, {"items", openapi_reference("schemas", "Bucket")}}}};
  counted["required"] = {"rows", "facets"};
  content["application/json"]["schema"]["oneOf"] = {rows, counted};
  content["application/vnd.pgrst.object+json"]["schema"] = row;
  content["application/vnd.pgrst.array+json;nulls=stripped"]["schema"] = rows;
  content["application/vnd.pgrst.object+json;nulls=stripped"]["schema"] = row;
  content["text/csv"]["schema"] = {{"type", "string"}, {"description", "A line of names, and one a row, as COPY prints it."}};
  content["application/x-ndjson"]["schema"] = {{"type", "string"}, {"description", "An object a line."}};
  return response;
}

void add_responses(ordered_json& responses, std::initializer_list<unsigned> statuses) {
  for (const auto& each : kResponses) {
    if (!each.any_request && std::find(statuses.begin(), statuses.end(), each.status) == statuses.end()) continue;
    responses[std::to_string(each.status)] = openapi_reference("responses", each.name);
  }
}

}  // namespace daas
