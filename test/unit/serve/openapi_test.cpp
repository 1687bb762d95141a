#include "serve/openapi.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "serve/column_schema.hpp"
#include "serve/openapi_answer.hpp"

namespace daas {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

Column column(const std::string& name, const std::string& type) {
  return {name, value_type_named(type), "", type};
}

Api api_of(const std::string& path, std::vector<Column> columns) {
  Api api;
  api.path = path;
  api.model = "model_" + path;
  api.collection = "shop." + path + ".g1";
  for (const auto& each : columns) {
    api.fields.push_back(each.name);
    if (can_filter(each)) api.filters.push_back(each.name);
  }
  api.columns = std::move(columns);
  return api;
}

Catalog catalog() {
  Catalog catalog;
  auto open = api_of("open", {column("id", "bigint"), column("name", "text")});
  open.is_public = true;
  auto any = api_of("any_token", {column("only_any", "integer")});
  auto flights = api_of("flights", {column("id", "bigint"), column("only_flights", "integer"), column("extra", "jsonb")});
  // Scoped by a column that is no field.
  flights.columns.push_back(column("airport_of_scope", "text"));
  flights.columns.push_back(column("not_a_field", "text"));
  flights.scope = {{"airport_of_scope", "airports"}};
  flights.max_rows = 77;
  auto two = api_of("two", {column("only_two", "text"), column("region", "text"), column("team", "integer")});
  two.scope = {{"region", "regions"}, {"team", "teams"}};
  auto unloaded = api_of("unloaded", {});
  unloaded.collection.clear();
  unloaded.fields = {"only_unloaded"};
  unloaded.is_public = true;
  auto scoped_unloaded = unloaded;
  scoped_unloaded.path = "scoped_unloaded";
  scoped_unloaded.is_public = false;
  for (auto& api : {open, any, flights, two, unloaded, scoped_unloaded}) catalog.apis.emplace(api.path, api);
  return catalog;
}

std::set<std::string> apis_of(const ordered_json& document) {
  std::set<std::string> apis;
  for (const auto& [path, item] : document.at("paths").items()) {
    if (item.contains("get") && item["get"]["tags"][0] != "service") apis.insert(path.substr(1));
  }
  return apis;
}

ordered_json document_of(const json& claims, const ServerTraits& server = {"1.2.3"}) {
  const auto all = catalog();
  return openapi(visible_apis(all, claims.is_null() ? nullptr : &claims), server);
}

const ServerTraits kWriting{"1.2.3", true, true, true};

/// A catalog with an API that takes `writes`, of a table with a generated column, a key that is no field, and texts to
/// search.
Catalog written_catalog(bool insert, bool update, bool remove) {
  auto desk = api_of("desk", {column("id", "bigint"), column("name", "text"), column("body", "text"), column("total", "numeric"), column("nums", "integer[]")});
  desk.columns.push_back(column("secret_key", "integer"));
  desk.columns[2].language = "english";
  desk.target = WriteTarget{"public.desk_table", false, insert, update, remove,
                            {{"id", "id", "bigint", true, true}, {"name", "title_of_table", "text", true, true}, {"body", "body", "text", true, true},
                             {"total", "total", "numeric", true, false}, {"nums", "nums", "integer[]", true, true},
                             {"secret_key", "secret_key", "integer", false, true}},
                            {"secret_key"}};
  auto catalog_of_it = catalog();
  catalog_of_it.apis.emplace("desk", desk);
  return catalog_of_it;
}

ordered_json written_document(bool insert, bool update, bool remove, const ServerTraits& server = kWriting) {
  const auto all = written_catalog(insert, update, remove);
  const json claims = json::object();
  return openapi(visible_apis(all, &claims), server);
}

std::set<std::string> methods_in(const ordered_json& document, const std::string& path) {
  std::set<std::string> methods;
  for (const auto& [method, operation] : document.at("paths").at(path).items()) methods.insert(method);
  return methods;
}

/// Follows `$ref`s of the document.
ordered_json resolved(const ordered_json& document, const ordered_json& value) {
  if (!value.contains("$ref")) return value;
  const auto pointer = value["$ref"].get<std::string>();
  EXPECT_TRUE(pointer.starts_with("#/")) << pointer;
  return document.at(ordered_json::json_pointer(pointer.substr(1)));
}

ordered_json parameter(const ordered_json& document, const std::string& path, const std::string& name, const std::string& method = "get") {
  for (const auto& each : document["paths"][path][method]["parameters"]) {
    auto found = resolved(document, each);
    if (found["name"] == name) return found;
  }
  return nullptr;
}

TEST(OpenApiTest, ShowsOnlyWhatTheCallerMayRead) {
  EXPECT_EQ(apis_of(document_of(nullptr)), (std::set<std::string>{"open"}));
  EXPECT_EQ(apis_of(document_of(json::object())), (std::set<std::string>{"any_token", "open"}));
  EXPECT_EQ(apis_of(document_of({{"airports", {"EWR"}}})), (std::set<std::string>{"any_token", "flights", "open"}));
  EXPECT_EQ(apis_of(document_of({{"regions", "x"}})), (std::set<std::string>{"any_token", "open"})) << "one pair of two";
  EXPECT_EQ(apis_of(document_of({{"regions", "x"}, {"teams", {1, 2}}})), (std::set<std::string>{"any_token", "open", "two"}));
  for (const json& bad : {json(nullptr), json(""), json::array(), json::object(), json(1.5), json({{"a", 1}}), json({"\x1F"})}) {
    EXPECT_EQ(apis_of(document_of({{"airports", bad}})), (std::set<std::string>{"any_token", "open"})) << bad;
  }
}

TEST(OpenApiTest, WhatTheCallerMayNotReadLeavesNoTrace) {
  auto only_open = catalog();
  std::erase_if(only_open.apis, [](const auto& entry) { return entry.first != "open"; });
  EXPECT_EQ(document_of(nullptr).dump(), openapi(visible_apis(only_open, nullptr), {"1.2.3"}).dump());

  const auto text = document_of({{"airports", {"EWR"}}}).dump();
  EXPECT_NE(text.find("only_flights"), std::string::npos);
  for (const char* hidden : {"two", "only_two", "regions", "unloaded", "airport_of_scope", "not_a_field", "EWR", "shop.", "model_"}) {
    EXPECT_EQ(text.find(hidden), std::string::npos) << hidden;
  }
}

TEST(OpenApiTest, TheSameApisGiveTheSameBytes) {
  auto reversed = catalog();
  std::unordered_map<std::string, Api> other(1);
  for (const char* path : {"two", "open", "flights", "any_token", "unloaded", "scoped_unloaded"}) other.emplace(path, reversed.apis.at(path));
  reversed.apis = std::move(other);
  const json claims = {{"airports", "EWR"}, {"regions", "x"}, {"teams", 1}};
  EXPECT_EQ(openapi(visible_apis(reversed, &claims), {"1.2.3"}).dump(), document_of(claims).dump());
}

TEST(OpenApiTest, EveryReferenceLeadsSomewhere) {
  const auto document = written_document(true, true, true);
  std::size_t references = 0;
  const std::function<void(const ordered_json&)> walk = [&](const ordered_json& value) {
    if (value.is_object() && value.contains("$ref")) {
      const auto pointer = value["$ref"].get<std::string>();
      ++references;
      EXPECT_TRUE(document.contains(ordered_json::json_pointer(pointer.substr(1)))) << pointer;
    }
    if (value.is_structured()) {
      for (const auto& each : value) walk(each);
    }
  };
  walk(document);
  EXPECT_GT(references, 50u);
}

TEST(OpenApiTest, NamesOfMembersAreUnique) {
  // append_member() trusts its callers.
  auto odd = api_of("not", {column("and", "integer"), column("a.b", "integer"), column("a", "integer"), column("a.x2Eb", "integer"),
                            column("order", "text"), column("_cursor", "text"), column("ü \"x\\\"", "text"), column("b", "text[]")});
  odd.is_public = true;
  Catalog catalog;
  catalog.apis.emplace("not", odd);
  for (const char* path : {"select", "order", "filter", "rows", "numeric"}) {
    auto more = odd;
    more.path = path;
    catalog.apis.emplace(path, more);
  }
  for (auto& [path, api] : catalog.apis) {
    api.is_public = false;
    api.target = WriteTarget{"t", false, true, true, true, {}, {}};
    for (auto& each : api.columns) each.language = each.type == ValueType::kText ? "simple" : "";
    for (const auto& field : api.fields) api.target->columns.push_back({field, field, "text", true, true});
  }
  const json claims = json::object();
  const auto document = openapi(visible_apis(catalog, &claims), kWriting);
  const std::function<void(const ordered_json&)> walk = [&](const ordered_json& value) {
    std::set<std::string> names;
    if (value.is_object()) {
      for (const auto& [name, member] : value.items()) EXPECT_TRUE(names.insert(name).second) << name;
    }
    if (value.is_structured()) {
      for (const auto& each : value) walk(each);
    }
  };
  walk(document);
  for (const auto& [kind, parts] : document["components"].items()) {
    for (const auto& [key, part] : parts.items()) {
      EXPECT_EQ(key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"), std::string::npos) << key;
    }
  }
  std::set<std::string> parameters;
  for (const auto& each : document["paths"]["/not"]["get"]["parameters"]) {
    const auto found = resolved(document, each);
    EXPECT_TRUE(parameters.insert(found["in"].get<std::string>() + " " + found["name"].get<std::string>()).second) << found["name"];
  }
  for (const char* name : {"query order", "query \"order\"", "query _cursor", "query \"_cursor\"", "query \"and\"", "query \"ü \\\"x\\\\\\\"\""}) {
    EXPECT_TRUE(parameters.contains(name)) << name;
  }
}

TEST(OpenApiTest, AFilterNamesItsOperators) {
  const auto document = document_of(json{{"airports", "EWR"}});
  const auto filter = parameter(document, "/flights", "only_flights");
  EXPECT_EQ(filter["x-operators"], ordered_json::parse(R"(["eq","neq","gt","gte","lt","lte","in","is","isdistinct"])"));
  EXPECT_NE(filter["description"].get<std::string>().find("`integer`: eq, neq, gt"), std::string::npos);
  EXPECT_EQ(filter["example"], "gte.60");
  EXPECT_TRUE(parameter(document, "/flights", "extra").is_null()) << "jsonb can't be filtered by";
  EXPECT_TRUE(document["components"]["schemas"]["flights"]["properties"].contains("extra"));
  EXPECT_EQ(parameter(document, "/flights", "order")["example"], "id.desc");
  EXPECT_EQ(parameter(document, "/flights", "select")["example"], "id,only_flights,extra");
}

TEST(OpenApiTest, HeadTakesWhatGetTakesButRange) {
  const auto document = document_of(nullptr);
  std::set<std::string> get, head;
  for (const auto& each : document["paths"]["/open"]["get"]["parameters"]) get.insert(resolved(document, each)["name"]);
  for (const auto& each : document["paths"]["/open"]["head"]["parameters"]) head.insert(resolved(document, each)["name"]);
  EXPECT_EQ(get, (std::set<std::string>{"select", "order", "limit", "offset", "and", "or", "not.and", "not.or", "_cursor", "_facet", "id", "name",
                                        "Prefer", "Range", "Daas-Min-Position", "If-None-Match"}));
  head.insert("Range");
  EXPECT_EQ(get, head);
}

TEST(OpenApiTest, SecuritySaysWhoNeedsAToken) {
  const auto document = document_of(json{{"airports", "EWR"}});
  EXPECT_EQ(document["paths"]["/open"]["get"]["security"].dump(), R"([{},{"token":[]}])");
  EXPECT_EQ(document["paths"]["/flights"]["get"]["security"].dump(), R"([{"token":[]}])");
  EXPECT_EQ(document["paths"]["/auth/login"]["post"]["security"].dump(), R"([{"account":[]}])");
  EXPECT_NE(document["paths"]["/flights"]["get"]["description"].get<std::string>().find("At most 77 rows"), std::string::npos);
  EXPECT_TRUE(document["components"]["securitySchemes"].contains("token"));
}

TEST(OpenApiTest, AWriteIsListedWhereItWouldBeTaken) {
  EXPECT_EQ(methods_in(written_document(true, true, true), "/desk"), (std::set<std::string>{"get", "head", "post", "patch", "delete"}));
  EXPECT_EQ(methods_in(written_document(true, false, false), "/desk"), (std::set<std::string>{"get", "head", "post"}));
  EXPECT_EQ(methods_in(written_document(false, true, false), "/desk"), (std::set<std::string>{"get", "head", "patch"}));
  EXPECT_EQ(methods_in(written_document(false, false, true), "/desk"), (std::set<std::string>{"get", "head", "delete"}));
  const auto document = written_document(true, true, true);
  EXPECT_EQ(methods_in(document, "/open"), (std::set<std::string>{"get", "head"})) << "it has no target";
  EXPECT_FALSE(document["components"]["schemas"].contains("body.open"));

  // A server without a writer's role answers 501 to each.
  const auto reading = written_document(true, true, true, {"1.2.3"});
  EXPECT_EQ(methods_in(reading, "/desk"), (std::set<std::string>{"get", "head"}));
  EXPECT_FALSE(reading["components"]["schemas"].contains("body.desk"));
}

TEST(OpenApiTest, ABodyHasTheColumnsThatCanBeWritten) {
  const auto document = written_document(true, true, true);
  const auto& schema = document["components"]["schemas"]["body.desk"];
  std::set<std::string> members;
  for (const auto& [name, member] : schema["properties"].items()) members.insert(name);
  EXPECT_EQ(members, (std::set<std::string>{"id", "name", "body", "nums"})) << "total is generated";
  EXPECT_FALSE(schema.contains("required"));
  EXPECT_EQ(schema["properties"]["id"], document["components"]["schemas"]["desk"]["properties"]["id"]);
  const auto row = ordered_json::parse(R"({"$ref":"#/components/schemas/body.desk"})");
  const auto body = [&](const char* method) { return document["paths"]["/desk"][method]["requestBody"]["content"]["application/json"]["schema"]; };
  EXPECT_EQ(body("post")["oneOf"][0], row);
  EXPECT_EQ(body("post")["oneOf"][1]["items"], row);
  EXPECT_EQ(body("patch"), row);
  EXPECT_FALSE(document["paths"]["/desk"]["delete"].contains("requestBody"));
  const auto text = document.dump();
  for (const char* hidden : {"secret_key", "title_of_table", "desk_table"}) EXPECT_EQ(text.find(hidden), std::string::npos) << hidden;
}

TEST(OpenApiTest, AWriteTakesWhatChoosesItsRowsAndNothingOfPages) {
  const auto document = written_document(true, true, true);
  const auto names = [&](const char* method) {
    std::set<std::string> found;
    for (const auto& each : document["paths"]["/desk"][method]["parameters"]) found.insert(resolved(document, each)["name"]);
    return found;
  };
  EXPECT_EQ(names("post"), (std::set<std::string>{"select", "columns", "on_conflict", "Prefer"}));
  const std::set<std::string> conditions{"and", "or", "not.and", "not.or", "id", "name", "body", "total", "nums"};
  auto expected = conditions;
  expected.insert({"select", "Prefer"});
  EXPECT_EQ(names("delete"), expected);
  expected.insert("columns");
  EXPECT_EQ(names("patch"), expected);

  // PostgreSQL would find other words than the search engine.
  const auto has_words = [&](const char* method) {
    return parameter(document, "/desk", "body", method).dump().find("fts") != std::string::npos;
  };
  EXPECT_TRUE(has_words("get"));
  EXPECT_FALSE(has_words("patch"));
  EXPECT_FALSE(has_words("delete"));
}

TEST(OpenApiTest, AWriteHasItsOwnAnswers) {
  const auto document = written_document(true, true, true);
  const auto answer = [&](const char* method, const char* status) {
    return resolved(document, document["paths"]["/desk"][method]["responses"][status]).dump();
  };
  EXPECT_NE(answer("post", "201").find("text/csv"), std::string::npos);
  EXPECT_NE(answer("patch", "200").find("Daas-Position"), std::string::npos);
  EXPECT_EQ(answer("delete", "204").find("content"), std::string::npos);
  for (const char* method : {"post", "patch", "delete"}) {
    EXPECT_NE(answer(method, "400").find("PGRST204"), std::string::npos);
    EXPECT_NE(answer(method, "409").find("23505"), std::string::npos);
    EXPECT_NE(answer(method, "503").find("08xxx"), std::string::npos);
    EXPECT_FALSE(document["paths"]["/desk"][method]["responses"].contains("501"));
    EXPECT_EQ(document["paths"]["/desk"][method]["security"].dump(), R"([{"token":[]}])");
  }
  EXPECT_EQ(answer("get", "400").find("PGRST204"), std::string::npos);
  EXPECT_EQ(answer("get", "503").find("08xxx"), std::string::npos);
}

TEST(OpenApiTest, SessionsAndLimitsAreTheServers) {
  const auto plain = document_of(nullptr), full = document_of(nullptr, kWriting);
  const auto has = [](const ordered_json& document, const char* path, const char* method, const char* status) {
    return document["paths"][path][method]["responses"].contains(status);
  };
  EXPECT_FALSE(plain["paths"].contains("/auth/refresh") || plain["paths"].contains("/auth/logout"));
  EXPECT_FALSE(plain["components"]["schemas"]["Token"]["properties"].contains("refresh_token"));
  EXPECT_FALSE(has(plain, "/open", "get", "429"));
  EXPECT_TRUE(has(plain, "/auth/login", "post", "429")) << "failed logins are limited everywhere";
  EXPECT_TRUE(full["components"]["schemas"]["Token"]["properties"].contains("refresh_token"));
  for (const char* path : {"/auth/refresh", "/auth/logout"}) {
    EXPECT_TRUE(has(full, path, "post", "429"));
    EXPECT_EQ(full["paths"][path]["post"]["security"].dump(), "[{}]");
    EXPECT_EQ(full["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]["required"].dump(), R"(["refresh_token"])");
  }
  EXPECT_TRUE(has(full, "/open", "get", "429") && has(full, "/openapi.json", "get", "429"));
  EXPECT_FALSE(has(full, "/healthz", "get", "429"));
  EXPECT_TRUE(full["components"]["responses"]["TooManyRequests"]["headers"].contains("Retry-After"));
}

TEST(OpenApiAnswersTest, AreOfTheCallerAndOfTheCatalog) {
  OpenApiAnswers answers({"1.2.3"});
  const auto first = std::make_shared<const Catalog>(catalog());
  const json ewr = {{"airports", "EWR"}};
  const auto nobody_sees = document_of(nullptr).dump(), ewr_sees = document_of(ewr).dump();
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_EQ(answers.answer(first, nullptr, "").body, nobody_sees);
    EXPECT_EQ(answers.answer(first, &ewr, "").body, ewr_sees);
  }
  auto changed = catalog();
  changed.apis.at("open").fields = {"id"};
  const auto second = std::make_shared<const Catalog>(changed);
  EXPECT_EQ(answers.answer(second, nullptr, "").body, openapi(visible_apis(*second, nullptr), {"1.2.3"}).dump());
  EXPECT_EQ(answers.answer(first, nullptr, "").body, nobody_sees) << "a request that began with the one before";
  EXPECT_EQ(answers.answer(second, nullptr, "").body, openapi(visible_apis(*second, nullptr), {"1.2.3"}).dump());
}

TEST(ColumnSchemaTest, IsOfTheJsonThatIsServed) {
  const auto schema = [](const std::string& type) { return column_schema(column("c", type)); };
  EXPECT_EQ(schema("bigint").dump(), R"({"type":["integer","null"],"format":"int64","x-pg-type":"bigint"})");
  EXPECT_EQ(schema("integer")["format"], "int32");
  EXPECT_EQ(schema("smallint")["maximum"], 32767);
  EXPECT_EQ(schema("boolean").dump(), R"({"type":["boolean","null"],"x-pg-type":"boolean"})");
  EXPECT_EQ(schema("text").dump(), R"({"type":["string","null"],"x-pg-type":"text"})");
  EXPECT_EQ(schema("numeric").dump(), R"({"$ref":"#/components/schemas/Numeric","x-pg-type":"numeric"})");
  EXPECT_EQ(schema("timestamp with time zone")["$ref"], "#/components/schemas/TimestampTz");
  EXPECT_EQ(schema("uuid")["format"], "uuid");
  EXPECT_EQ(schema("oid")["type"][0], "string") << "row_to_json quotes it";
  EXPECT_EQ(schema("jsonb").dump(), R"({"x-pg-type":"jsonb"})");
  EXPECT_EQ(schema("public.pair").dump(), R"({"x-pg-type":"public.pair"})");
  EXPECT_EQ(schema("int4range")["type"][0], "string");
  EXPECT_EQ(schema("integer[]")["type"][0], "array");
  EXPECT_EQ(schema("integer[]")["items"]["anyOf"][0]["type"][0], "integer");
  EXPECT_EQ(schema("integer[]")["items"]["anyOf"][1]["type"], "array") << "of more than one dimension";
  EXPECT_EQ(schema("jsonb[]")["items"].dump(), "{}");

  // A domain and an enum are named by their own type.
  EXPECT_EQ(column_schema({"c", ValueType::kInt4, "", "public.positive"}).dump(),
            R"({"type":["integer","null"],"format":"int32","x-pg-type":"public.positive"})");
  EXPECT_EQ(column_schema({"c", ValueType::kEnum, "", "public.mood"})["type"][0], "string");
}

}  // namespace
}  // namespace daas
