#include "serve/write_request.hpp"

#include <algorithm>
#include <charconv>

namespace daas {
namespace {

constexpr std::string_view kOfReadsOnly[] = {"order", "limit", "offset", "_cursor", "_facet", "_q", "_highlight"};

std::vector<std::string> column_list(std::string_view parameter, std::string_view text) {
  std::vector<std::string> columns;
  if (text.empty()) return columns;
  TextCursor cursor(text);
  do {
    columns.push_back(take_name(cursor, std::string(parameter) + " parameter", text));
    if (!cursor.done() && cursor.peek() != ',') {
      throw parse_failure(std::string(parameter) + " parameter", cursor, text, "expecting \",\" or the end");
    }
  } while (cursor.take(","));
  return columns;
}

void check_body_type(const std::string& header) {
  auto type = lower_ascii(std::string_view(header).substr(0, header.find(';')));
  type.erase(type.find_last_not_of(' ') + 1);
  for (const char* json : {"", "application/json", "application/vnd.pgrst.object+json", "application/vnd.pgrst.array+json"}) {
    if (type == json) return;
  }
  throw Refusal(415, "PGRST102", "Content-Type not acceptable: " + header, {}, "send Content-Type: application/json");
}

void apply_write_preferences(WriteRequest& request, std::string_view prefer) {
  std::string applied;
  const auto apply = [&](std::string_view word) { applied += (applied.empty() ? "" : ", ") + std::string(word); };
  bool answer = false;
  bool resolution = false;
  bool strict = false;
  each_part(prefer, ",;", [&](std::string_view word) { strict |= word == "handling=strict"; });
  each_part(prefer, ",;", [&](std::string_view word) {
    // Of two of a kind the first counts, as in PostgREST.
    if (!answer && (word == "return=representation" || word == "return=minimal" || word == "return=headers-only")) {
      answer = true;
      request.answer = word == "return=representation" ? WriteRequest::Answer::kRepresentation
                       : word == "return=minimal"      ? WriteRequest::Answer::kMinimal
                                                       : WriteRequest::Answer::kHeadersOnly;
      apply(word);
    }
    if (word == "tx=rollback" && !request.rollback) {
      request.rollback = true;
      apply(word);
    }
    constexpr std::string_view kMostAffected = "max-affected=";
    if (strict && request.kind != WriteRequest::Kind::kInsert && word.starts_with(kMostAffected)) {
      const auto number = word.substr(kMostAffected.size());
      std::uint64_t most = 0;
      if (std::from_chars(number.data(), number.data() + number.size(), most).ec == std::errc{}) {
        request.max_affected = most;
        apply(word);
      }
    }
    if (request.kind != WriteRequest::Kind::kInsert) return;
    if (!resolution && (word == "resolution=merge-duplicates" || word == "resolution=ignore-duplicates")) {
      resolution = true;
      request.conflict = word == "resolution=merge-duplicates" ? WriteRequest::Conflict::kMerge
                                                               : WriteRequest::Conflict::kIgnore;
      apply(word);
    }
    if (!request.missing_default && word == "missing=default") {
      request.missing_default = true;
      apply(word);
    }
  });
  if (request.read.count) apply("count=exact");
  request.applied = std::move(applied);
}

void read_body(WriteRequest& request, std::string_view body) {
  auto found = parse_json_rows(body);
  if (request.kind == WriteRequest::Kind::kUpdate && found.rows.size() != 1) {
    throw Refusal(400, "PGRST102", "Empty or invalid json", "a change is one object of columns and their new values");
  }
  request.rows = std::move(found.rows);
}

}  // namespace

bool is_write(std::string_view method) {
  return method == "POST" || method == "PATCH" || method == "DELETE";
}

WriteRequest parse_write(std::string_view method, const Target& target, const WriteHeaders& headers, std::string_view body,
                         std::string_view api, const std::vector<std::string>& filterable,
                         const std::vector<std::string>& readable) {
  WriteRequest request;
  request.kind = method == "POST"    ? WriteRequest::Kind::kInsert
                 : method == "PATCH" ? WriteRequest::Kind::kUpdate
                                     : WriteRequest::Kind::kDelete;
  Target rest;
  for (const auto& [name, value] : target.parameters) {
    if (std::find(std::begin(kOfReadsOnly), std::end(kOfReadsOnly), name) != std::end(kOfReadsOnly)) {
      throw Refusal(400, "PGRST127", "Feature not implemented", "parameter \"" + name + "\" of a write",
                    "a write is of all rows that its filters say; name them, as in id=in.(1,2)");
    }
    if (name != "columns" && name != "on_conflict") {
      rest.parameters.emplace_back(name, value);
      continue;
    }
    if (request.kind == WriteRequest::Kind::kDelete || (name == "on_conflict" && request.kind != WriteRequest::Kind::kInsert)) {
      throw Refusal(400, "PGRST100", "parameter \"" + name + "\" has no meaning for " + std::string(method));
    }
    const bool again = name == "columns" ? request.columns.has_value() : !request.on_conflict.empty();
    if (again) throw Refusal(400, "PGRST100", "parameter \"" + name + "\" is given twice");
    if (name == "columns" && !value.empty()) request.columns = column_list(name, value);
    if (name == "on_conflict") request.on_conflict = column_list(name, value);
  }
  request.read = parse_read(rest, {headers.prefer, headers.accept, {}, {}, {}}, api, filterable, readable);
  if (!headers.content_profile.empty() && headers.content_profile != "public") {
    throw Refusal(406, "PGRST106", "Invalid schema: " + headers.content_profile,
                  "Only the following schemas are exposed: public");
  }
  apply_write_preferences(request, headers.prefer);
  if (request.kind == WriteRequest::Kind::kInsert && !request.read.filters.empty()) {
    throw Refusal(400, "PGRST100", "an insert has no filters", {}, "PATCH changes rows that there are");
  }
  if (request.kind != WriteRequest::Kind::kInsert && request.read.filters.empty()) {
    const char* statement = request.kind == WriteRequest::Kind::kUpdate ? "UPDATE" : "DELETE";
    throw Refusal(400, "21000", std::string(statement) + " requires a WHERE clause", "the request has no filter",
                  "say which rows; of all rows a column that is never null is not.is.null");
  }
  if (request.kind == WriteRequest::Kind::kDelete) return request;
  check_body_type(headers.content_type);
  read_body(request, body);
  return request;
}

}  // namespace daas
