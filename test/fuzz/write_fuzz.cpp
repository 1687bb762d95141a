// Any method, target, headers and body of a write are statements or a Refusal. No byte of a client's gets into a
// statement, every statement has the scope in it on each row that it meets, and what goes to PostgreSQL as JSON is
// JSON whatever was sent.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "fuzzed_api.hpp"
#include "serve/write_plan.hpp"

namespace {

using namespace daas;

const Api& api() {
  static const Api one = [] {
    Api api = fuzzed_api();
    api.target.emplace();
    api.target->relation = "public.t";
    api.target->insert = api.target->update = api.target->remove = true;
    api.target->key = {"b"};
    for (const auto& column : api.columns) {
      api.target->columns.push_back({column.name, column.source, column.pg_type, true, column.name != "l", column.name != "a"});
    }
    return api;
  }();
  return one;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

void check(const WriteRequest& request, const WritePlan& plan) {
  constexpr std::string_view kWords = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$().,:\"=<>~@&*[] ";
  for (const auto& [sql, parameters, sent] : plan.statements) {
    if (sql.find_first_not_of(kWords) != std::string::npos || count(sql, "--") + count(sql, "/*") != 0) std::abort();
    const bool update = request.kind == WriteRequest::Kind::kUpdate;
    const bool merge = sql.find("DO UPDATE") != std::string::npos;
    const auto scopes = count(sql, "(t.\"a\" COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.=) ANY ($");
    if (scopes < (update || merge ? 2U : 1U)) std::abort();
    if (parameters.empty() || count(sql, "$") < parameters.size()) std::abort();
    if (request.kind == WriteRequest::Kind::kDelete || sql.find("json_to_recordset($1::pg_catalog.json)") == std::string::npos) continue;
    if (!parse_json_rows(*parameters[0]).array) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const char* method = input.PickValueInArray({"POST", "PATCH", "DELETE"});
  const WriteHeaders headers{input.ConsumeRandomLengthString(80), input.ConsumeRandomLengthString(40), "", ""};
  const auto target = "/t?" + input.ConsumeRandomLengthString(400);
  const auto body = input.ConsumeRemainingBytesAsString();
  try {
    const auto request = parse_write(method, parse_target(target), headers, body, "t", api().filters, api().fields);
    check(request, plan_write(request, api(), {{"claim", "x"}}));
  } catch (const Refusal&) {
  }
  return 0;
}
