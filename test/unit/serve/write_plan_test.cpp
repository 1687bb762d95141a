#include "serve/write_plan.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace daas {
namespace {

using nlohmann::json;

/// Names that a careless statement would break at.
Api items() {
  Api api;
  api.path = "items";
  api.collection = "shop.items.g1";
  api.columns = {{"id", ValueType::kInt8, "id", "bigint"},       {"tenant", ValueType::kText, "ten\"ant", "text"},
                 {"label", ValueType::kText, "na me", "text"},   {"tags", ValueType::kWrapped, "tags", "character varying[]"},
                 {"mood", ValueType::kEnum, "mood", "mood"},     {"made", ValueType::kNumeric, "made", "numeric"},
                 {"secret", ValueType::kText, "secret", "text"}, {"twice", ValueType::kInt8, "id", "bigint"}};
  api.fields = {"id", "label", "tags", "mood", "made", "twice"};
  api.filters = {"id", "label", "tags", "mood"};
  api.scope = {{"tenant", "tenants"}};
  WriteTarget target;
  target.relation = "public.\"It ems\"";
  target.insert = target.update = target.remove = true;
  target.columns = {{"id", "id", "bigint", true, true, true},        {"tenant", "ten\"ant", "text", false, true, true},
                    {"label", "na me", "character varying(9)", true, true, false}, {"tags", "tags", "character varying[]", true, true, true},
                    {"mood", "mood", "public.mood", true, true, true}, {"made", "made", "numeric", true, false, true},
                    {"twice", "id", "bigint", true, true, true}};
  target.key = {"id"};
  api.target = target;
  return api;
}

const json kClaims = {{"tenants", {"a", "b'\"\\"}}};

WriteRequest request(std::string_view method, const std::string& query, std::string_view body, const std::string& prefer = {}) {
  const auto api = items();
  return parse_write(method, parse_target("/items?" + query), {prefer, "", "", ""}, body, api.path, api.filters, api.fields);
}

WritePlan plan(std::string_view method, const std::string& query, std::string_view body, const std::string& prefer = {},
               const Api& api = items(), const json& claims = kClaims) {
  return plan_write(request(method, query, body, prefer), api, claims);
}

std::string code(std::string_view method, const std::string& query, std::string_view body, const std::string& prefer = {},
                 const Api& api = items(), const json& claims = kClaims) {
  try {
    plan(method, query, body, prefer, api, claims);
    return "accepted";
  } catch (const Refusal& refusal) {
    return std::to_string(refusal.error().status) + " " + refusal.error().code;
  }
}

constexpr const char* kScope = R"((t."ten""ant" OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.text[])))";
constexpr const char* kCounted = ") SELECT pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE within IS NOT TRUE) FROM changed";

TEST(WritePlan, AnInsertSendsItsBodyAsOneParameterUnderTheTablesNames) {
  const auto planned = plan("POST", "", R"([{"id":1,"label":"x'"},{"label":null,"id":1e400}])");
  ASSERT_EQ(planned.statements.size(), 1U);
  const auto& [sql, parameters, sent] = planned.statements[0];
  EXPECT_EQ(sql, std::string("WITH changed AS (INSERT INTO public.\"It ems\" AS t (\"id\", \"na me\") SELECT r.\"id\", r.\"na me\" FROM "
                             "pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(\"id\" bigint, \"na me\" character varying(9)) RETURNING ") +
                     kScope + " AS within" + kCounted);
  ASSERT_EQ(parameters.size(), 2U);
  EXPECT_EQ(*parameters[0], R"([{"id":1,"na me":"x'"},{"na me":null,"id":1e400}])");
  EXPECT_EQ(*parameters[1], R"({"a","b'\"\\"})");
  EXPECT_EQ(sent, 2U);
}

TEST(WritePlan, AnUpdateHasTheScopeOnTheOldRowAndOnTheNew) {
  const auto planned = plan("PATCH", "id=eq.5&label=not.like.a*", R"({"label":"x"})");
  ASSERT_EQ(planned.statements.size(), 1U);
  const auto& [sql, parameters, sent] = planned.statements[0];
  EXPECT_EQ(sql, std::string("WITH changed AS (UPDATE ONLY public.\"It ems\" AS t SET \"na me\" = r.\"na me\" FROM "
                             "pg_catalog.json_to_recordset($1::pg_catalog.json) AS r(\"na me\" character varying(9)) WHERE ") +
                     kScope +
                     R"( AND ((t."id" OPERATOR(pg_catalog.=) $3::pg_catalog.int8)))"
                     R"( AND (NOT (t."na me" COLLATE pg_catalog."C" OPERATOR(pg_catalog.~~) $4::pg_catalog.text)))"
                     R"( RETURNING (t."ten""ant" OPERATOR(pg_catalog.=) ANY ($5::pg_catalog.text[])) AS within)" +
                     kCounted);
  EXPECT_EQ(*parameters[2], "5");
  EXPECT_EQ(*parameters[3], "a%");
  EXPECT_EQ(*parameters[4], *parameters[1]);
}

TEST(WritePlan, ADeleteHasTheScope) {
  auto api = items();
  api.target->partitioned = true;
  const auto planned = plan("DELETE", "id=eq.5", "", "", api);
  EXPECT_TRUE(planned.statements.at(0).sql.starts_with(
      R"(WITH changed AS (DELETE FROM public."It ems" AS t WHERE (t."ten""ant" OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.text[])) AND )"))
      << planned.statements[0].sql;
}

TEST(WritePlan, AMergeTouchesRowsOfTheScopeOnly) {
  const auto planned = plan("POST", "", R"({"id":1,"label":"x"})", "resolution=merge-duplicates");
  EXPECT_TRUE(planned.every_row);
  EXPECT_NE(planned.statements.at(0).sql.find(R"( ON CONFLICT ("id") DO UPDATE SET "id" = EXCLUDED."id", "na me" = EXCLUDED."na me" WHERE )" +
                                              std::string(kScope)),
            std::string::npos);
  const auto ignored = plan("POST", "on_conflict=label,id", R"({"id":1})", "resolution=ignore-duplicates");
  EXPECT_FALSE(ignored.every_row);
  EXPECT_NE(ignored.statements.at(0).sql.find(R"( ON CONFLICT ("na me", "id") DO NOTHING RETURNING)"), std::string::npos);
  auto api = items();
  api.target->update = false;
  EXPECT_EQ(code("POST", "", R"({"id":1})", "resolution=merge-duplicates", api), "405 PGRST117");
  api = items();
  api.target->key = {};
  EXPECT_EQ(code("POST", "", R"({"id":1})", "resolution=merge-duplicates", api), "400 42P10");
}

TEST(WritePlan, ARepresentationHasTheFieldsThatAreSelectedUnderTheApisNames) {
  const auto planned = plan("PATCH", "id=eq.5&select=x:label,id", R"({"label":"x"})", "return=representation");
  EXPECT_NE(planned.statements.at(0).sql.find(
                R"((SELECT pg_catalog.row_to_json(m.*) FROM (SELECT t."na me" AS "label", t."id" AS "id") m)::pg_catalog.text AS document)"),
            std::string::npos)
      << planned.statements[0].sql;
  EXPECT_EQ(planned.shape.members.at(0).name, "x");
  EXPECT_EQ(plan("PATCH", "id=eq.5", R"({"label":"x"})", "return=representation").statements.at(0).sql.find("secret"), std::string::npos);
}

TEST(WritePlan, WhatAClientSendsIsNeverInAStatement) {
  const std::string hostile = "x'\"\\$1;--\xC3\xBC";
  const std::string encoded = "x%27%22%5C%241%3B--%C3%BC";
  const auto body = json{{"label", hostile}, {"tags", {hostile}}}.dump();
  for (const auto& planned :
       {plan("POST", "", body, "return=representation"), plan("POST", "", body, "resolution=merge-duplicates"),
        plan("PATCH", "label=eq." + encoded, body), plan("PATCH", "label=in.(%22a%22," + encoded + ")", body),
        plan("DELETE", "label=like.*" + encoded + "x", ""), plan("DELETE", "or=(label.eq." + encoded + ",mood.eq." + encoded + ")", ""),
        plan("DELETE", "label=isdistinct." + encoded, ""), plan("DELETE", "label=eq(any).{a," + std::string("x%27--") + "}", ""),
        plan("DELETE", "tags=cs.{x%27--}", "")}) {
    for (const auto& statement : planned.statements) {
      EXPECT_EQ(statement.sql.find('\''), std::string::npos) << statement.sql;
      EXPECT_EQ(statement.sql.find("--"), std::string::npos) << statement.sql;
      EXPECT_EQ(statement.sql.find("\\"), std::string::npos) << statement.sql;
      EXPECT_EQ(statement.sql.find(';'), std::string::npos) << statement.sql;
    }
  }
}

TEST(WritePlan, OnlyFieldsThatCanBeWrittenAre) {
  EXPECT_EQ(code("POST", "", R"({"id":1,"nope":1})"), "400 PGRST204");
  EXPECT_EQ(code("POST", "", R"({"id":1,"tenant":"a"})"), "400 PGRST204");
  EXPECT_EQ(code("POST", "", R"({"id":1,"secret":"a"})"), "400 PGRST204");
  EXPECT_EQ(code("POST", "", R"({"id":1,"na me":"a"})"), "400 PGRST204");
  EXPECT_EQ(code("POST", "", R"({"id":1,"made":1})"), "400 428C9");
  EXPECT_EQ(code("POST", "", R"({"id":1,"twice":1})"), "400 42701");
  EXPECT_EQ(code("POST", "columns=id", R"({"id":1,"nope":1})"), "accepted");
  EXPECT_EQ(code("POST", "columns=id,secret", R"([])"), "400 PGRST204");
  EXPECT_EQ(code("POST", "on_conflict=tenant", R"({"id":1})", "resolution=ignore-duplicates"), "400 PGRST204");
  EXPECT_EQ(code("PATCH", "id=eq.1", R"({"tenant":"a"})"), "400 PGRST204");
}

TEST(WritePlan, RowsOfDifferentMembersNeedColumnsOrDefaults) {
  const auto* body = R"([{"id":1},{"id":2,"label":"x"},{"label":"y","id":3}])";
  EXPECT_EQ(code("POST", "", body), "400 PGRST102");
  EXPECT_EQ(plan("POST", "columns=id,label", body).statements.size(), 1U);
  const auto planned = plan("POST", "columns=id,label", body, "missing=default");
  ASSERT_EQ(planned.statements.size(), 2U);
  EXPECT_EQ(planned.statements[0].sent, 1U);
  EXPECT_EQ(planned.statements[1].sent, 2U);
  const auto empty = plan("POST", "", "[{},{}]");
  EXPECT_NE(empty.statements.at(0).sql.find("INSERT INTO public.\"It ems\" AS t SELECT FROM pg_catalog.generate_series(1, $1::pg_catalog.int4)"),
            std::string::npos);
  EXPECT_TRUE(plan("POST", "", "[]").statements.empty());
  EXPECT_TRUE(plan("PATCH", "id=eq.1", "{}").statements.empty());
}

TEST(WritePlan, ATokenWithoutItsClaimsLearnsNothing) {
  for (const auto& claims : {json(nullptr), json{{"tenants", json::array()}}, json{{"tenants", ""}}, json{{"tenants", {{"a", 1}}}}, json{{"other", "a"}}}) {
    EXPECT_EQ(code("POST", "", R"({"nope":1})", "", items(), claims), "403 42501");
    EXPECT_EQ(code("DELETE", "id=eq.1", "", "", items(), claims), "403 42501");
  }
  auto api = items();
  api.target->columns.erase(api.target->columns.begin() + 1);
  EXPECT_EQ(code("DELETE", "id=eq.1", "", "", api), "503 PGRST000") << "a scope column that is not there is no reason to leave it out";
}

TEST(WriteRequest, AChangeNeedsAFilterAndNothingOfAReadsOrder) {
  EXPECT_EQ(code("PATCH", "", R"({"label":"x"})"), "400 21000");
  EXPECT_EQ(code("DELETE", "select=id", ""), "400 21000");
  EXPECT_EQ(code("DELETE", "id=eq.1&limit=1", ""), "400 PGRST127");
  EXPECT_EQ(code("DELETE", "id=eq.1&order=id", ""), "400 PGRST127");
  EXPECT_EQ(code("POST", "id=eq.1", R"({"id":1})"), "400 PGRST100");
  EXPECT_EQ(code("POST", "columns=id&columns=id", R"({"id":1})"), "400 PGRST100");
  EXPECT_EQ(code("PATCH", "id=eq.1&on_conflict=id", R"({"id":1})"), "400 PGRST100");
  EXPECT_EQ(code("DELETE", "id=eq.1&columns=id", ""), "400 PGRST100");
  EXPECT_EQ(code("DELETE", "made=eq.1", ""), "400 42703");
  EXPECT_EQ(code("DELETE", "secret=eq.1", ""), "400 42703");
  EXPECT_EQ(code("DELETE", "id=eq.1", "not looked at"), "accepted");
}

TEST(WriteRequest, ThePreferencesThatCountAreTold) {
  const auto applied = [](const std::string& prefer) { return request("POST", "", R"({"id":1})", prefer).applied; };
  EXPECT_EQ(applied(""), "");
  EXPECT_EQ(applied("return=representation, resolution=merge-duplicates;missing=default, count=planned, wait=5"),
            "return=representation, resolution=merge-duplicates, missing=default, count=exact");
  EXPECT_EQ(applied("return=minimal,return=representation"), "return=minimal");
  EXPECT_EQ(request("DELETE", "id=eq.1", "", "resolution=merge-duplicates").applied, "");
}

}  // namespace
}  // namespace daas
