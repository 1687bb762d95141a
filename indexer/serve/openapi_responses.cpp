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
    {"Daas-Position", false, "A position of PostgreSQL's WAL. Of a read: what was committed up to it is in the answer. Of a write: it is committed there."},
    {"Daas-Cursor", false, "The next page's `_cursor`; the last page has none."},
    {"Preference-Applied", false, "Those of Prefer that were followed."},
    {"Cache-Control", true, "`private, no-cache`: to be asked for again, with If-None-Match."},
    {"Vary", true, "What else the answer depends on."},
    {"WWW-Authenticate", false, "How to authenticate."},
    {"Retry-After", false, "Seconds until another try is worth while."},
};

// Sums of kinds.
constexpr unsigned kReads = 1, kWrites = 2, kSessions = 4;
constexpr unsigned kNoWrites = kReads + kSessions, kAll = kNoWrites + kWrites;

struct SharedResponse {
  unsigned status;
  const char* name;
  unsigned of;       ///< kinds of operations; each status once for each of them
  bool any_request;  ///< may get it
  const char* description;
  const char* codes;
  const char* header = nullptr;
};

// docs/api.md has the same table.
constexpr SharedResponse kResponses[] = {
    {304, "NotModified", kReads, false, "The answer still has the ETag that If-None-Match names.", ""},
    {400, "BadRequest", kReads, true, "The request can't be parsed, names what there is not, or has a value that is none of the column's type.",
     "PGRST100 PGRST122 PGRST123 PGRST127 PGRST200 0A000 22003 22007 22008 22009 2200F 22015 2201B 22021 22023 22025 22P02 42703"
     " 42804 42846 42883 54000 54001 54011"},
    {400, "BadWrite", kWrites, true, "The request can't be parsed, has no filter, names what there is not, has a value that the column does not"
     " take, breaks a constraint, or a trigger refuses it. Nothing is done.",
     "PGRST100 PGRST102 PGRST122 PGRST123 PGRST124 PGRST127 PGRST200 PGRST204 0A000 20xxx 21000 22xxx 23xxx 27000 428C9 42701 42703 42804 42846 42883 42P10"
     " 54xxx 55000 P0001"},
    {400, "BadBody", kSessions, true, "The body holds no refresh token.", "PGRST100 PGRST102"},
    {401, "Unauthorized", kAll, false, "No token where one is needed, one that is not valid, or a wrong account or password.",
     "PGRST301 PGRST302 PGRST303 28P01 28000", "WWW-Authenticate"},
    {403, "Forbidden", kReads, false, "The token's claims do not reach into the API's scope.", "42501"},
    {403, "WriteForbidden", kWrites, false, "The token's claims do not reach into the API's scope, or a row would be outside of it. Nothing is done.",
     "42501 44000"},
    {404, "NotFound", kAll, false, "There is no such API, or not any more.", "PGRST125 PGRST205"},
    {405, "MethodNotAllowed", kWrites, false, "The API does not take such writes, or not any more; or its database is a standby.",
     "PGRST117 25006", "Allow"},
    {406, "NotAcceptable", kAll, false, "No such media type or profile, or one object was asked for where there is not one row.",
     "PGRST106 PGRST107 PGRST116"},
    {409, "Conflict", kWrites, false, "A key exists already, or a row that is referred to does not. Nothing is done.", "23505 23503 23P01"},
    {413, "ContentTooLarge", kAll, true, "The request's body is over what the server takes, or over 64 KB without Content-Length.", "PGRST100"},
    {414, "UriTooLong", kAll, true, "The request's address is over 8 KB.", "PGRST100"},
    {415, "UnsupportedMediaType", kWrites, false, "The body is no JSON by its Content-Type.", "PGRST102"},
    {416, "RangeNotSatisfiable", kReads, false, "There are fewer rows than the offset, or the range is none.", "PGRST103", "Content-Range"},
    {429, "TooManyRequests", kAll, false, "Too many failed logins, or more requests of the account than it has.", "53400", "Retry-After"},
    {431, "HeaderTooLarge", kAll, true, "The request's header is over 16 KB.", "PGRST100"},
    {500, "InternalError", kNoWrites, true, "A defect of the server; its log says more.", "XX000"},
    {500, "WriteFailed", kWrites, true, "A defect of the server, of a trigger or of a right, by its SQLSTATE; the server's log says more."
     " Nothing is done.", "XX000 42xxx P0xxx"},
    {502, "BadGateway", kReads, false, "The search engine's answer can't be read.", "XX000"},
    {503, "Unavailable", kNoWrites, false, "Not loaded yet, or a part of the service does not answer: try again.", "PGRST000", "Retry-After"},
    {503, "WriteUnavailable", kWrites, false, "Not loaded yet, or the write met others, or the database has no room or does not answer: try"
     " again. After 08007 look first: the write may have been made.",
     "PGRST000 08xxx 40001 40P01 53xxx 55P03 57xxx", "Retry-After"},
    {504, "Timeout", kReads, false, "The search took too long, or the asked position is not visible yet.", "PGRST003"},
    {504, "WriteTimeout", kWrites, false, "The write took too long and was undone.", "PGRST003"},
};

ordered_json json_content(ordered_json schema) {
  return {{"application/json", {{"schema", std::move(schema)}}}};
}

/// Every format that rows are written in.
ordered_json row_formats(ordered_json plain, const ordered_json& rows, const ordered_json& row) {
  ordered_json content;
  content["application/json"]["schema"] = std::move(plain);
  content["application/vnd.pgrst.object+json"]["schema"] = row;
  content["application/vnd.pgrst.array+json;nulls=stripped"]["schema"] = rows;
  content["application/vnd.pgrst.object+json;nulls=stripped"]["schema"] = row;
  content["text/csv"]["schema"] = {{"type", "string"}, {"description", "A line of names, and one a row, as COPY prints it."}};
  content["application/x-ndjson"]["schema"] = {{"type", "string"}, {"description", "An object a line."}};
  return content;
}

void append_write_headers(ordered_json& response) {
  for (const char* name : {"Content-Range", "Daas-Position", "Preference-Applied"}) {
    response["headers"][name] = openapi_reference("headers", name);
  }
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
  auto& done = responses["Done"];
  done["description"] = "Done; the rows were not asked for.";
  append_write_headers(done);
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
  // With _facet it is an object.
  ordered_json counted;
  counted["type"] = "object";
  counted["properties"]["rows"] = rows;
  counted["properties"]["facets"] = {{"type", "object"}, {"additionalProperties", {{"type", "array"}, {"items", openapi_reference("schemas", "Bucket")}}}};
  counted["required"] = {"rows", "facets"};
  response["content"] = row_formats({{"oneOf", {rows, counted}}}, rows, row);
  return response;
}

ordered_json written_response(const Api& api) {
  const auto row = openapi_reference("schemas", api.path);
  const ordered_json rows = {{"type", "array"}, {"items", row}};
  ordered_json response;
  response["description"] = "With `Prefer: return=representation` the rows as they are now, or were; otherwise done, and no body.";
  append_write_headers(response);
  response["content"] = row_formats(rows, rows, row);
  return response;
}

void add_responses(ordered_json& responses, OperationKind kind, std::initializer_list<unsigned> statuses) {
  for (const auto& each : kResponses) {
    if (!each.any_request && std::find(statuses.begin(), statuses.end(), each.status) == statuses.end()) continue;
    if ((each.of & static_cast<unsigned>(kind)) == 0) continue;
    responses[std::to_string(each.status)] = openapi_reference("responses", each.name);
  }
}

}  // namespace daas
