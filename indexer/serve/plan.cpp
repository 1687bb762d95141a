#include "serve/plan.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "serve/filter_query.hpp"
#include "serve/scope_rule.hpp"
#include "serve/text_search.hpp"

namespace daas {
namespace {

// Whatever the request's own filters, both show how fresh the searcher is, and whether a batch is whole there.
// The terms of several shards are another request to each of them than the rows, so perhaps of another searcher.
constexpr const char* kStateTerm = "terms";
constexpr const char* kStateFacet = R"("state":{"type":"terms","field":"_state_","limit":1,"sort":"index","domain":{"query":"_state_:[* TO *]"}})";

constexpr std::uint64_t kStreamPage = 1000;  // rows; an API's max_rows may be one
constexpr std::size_t kMostRanges = 2000;  // each is a query to Solr
constexpr std::size_t kMostQueries = 500;  // Solr answers 500 to more than 1,024 clauses
constexpr std::size_t kMostOrderTerms = 32;
constexpr std::size_t kMostMembers = 1664;  // as PostgreSQL's MaxTupleAttributeNumber

/// A cast that needs no arithmetic: to text, to the type itself, and to a wider one of whole numbers.
AnswerShape::Member cast(AnswerShape::Member member, const std::string& to, const Column& column, const Api& api) {
  const auto none = [&] {
    return Refusal(400, "42846", "cannot cast column " + api.path + "." + column.name + " of type " + column.pg_type + " to " + to, {},
                   "cast it in the model's query");
  };
  const auto is = [&](std::initializer_list<const char*> names) {
    return std::any_of(names.begin(), names.end(), [&](const char* name) { return to == name; });
  };
  if (is({"text", "varchar", "character varying"})) {
    // The cast of inet always has a mask, which its text output has not.
    if (!member.form.has_text() || column.pg_type == "inet") throw none();
    member.as_text = true;
    return member;
  }
  const int bytes = column.type == ValueType::kInt2 ? 2 : column.type == ValueType::kInt4 ? 4 : column.type == ValueType::kInt8 ? 8 : 0;
  const bool widens = bytes > 0 && (is({"int8", "bigint", "numeric", "decimal"}) ||
                                    (bytes <= 4 && is({"int4", "int", "integer"})) || (bytes <= 2 && is({"int2", "smallint"})));
  const bool same = to == column.pg_type ||
                    (column.type == ValueType::kBoolean && is({"bool", "boolean"})) ||
                    (column.type == ValueType::kFloat8 && is({"float8", "float", "double precision"})) ||
                    (column.type == ValueType::kFloat4 && is({"float4", "real"})) ||
                    (column.type == ValueType::kNumeric && is({"numeric", "decimal"}));
  if (!widens && !same) throw none();
  return member;
}

std::vector<AnswerShape::Member> members(const ApiRequest& request, const Api& api) {
  std::vector<AnswerShape::Member> members;
  const auto add_all = [&] {
    for (const auto& field : api.fields) {
      const Column* const column = api.column(field);
      if (column != nullptr) members.push_back({field, field, TextForm(*column)});
    }
  };
  if (request.select.empty()) add_all();
  for (const auto& [column, name, to] : request.select) {
    if (members.size() > kMostMembers) break;
    if (column.empty()) {
      add_all();
      continue;
    }
    if (!api.may_read(column)) {
      throw Refusal(400, "42703", "column " + api.path + "." + column + " does not exist",
                    "this API has: " + listed(api.fields));
    }
    const Column* const found = api.column(column);
    if (found == nullptr) {
      throw unavailable("column " + api.path + "." + column + " is not loaded yet",
                        "its model was redefined and the new generation is not live");
    }
    AnswerShape::Member member{column, name, TextForm(*found)};
    members.push_back(to.empty() ? std::move(member) : cast(std::move(member), to, *found, api));
  }
  if (members.size() > kMostMembers) {
    throw Refusal(400, "54011", "target lists can have at most 1664 entries");
  }
  return members;
}

std::string sort_of(const ApiRequest& request, const Api& api) {
  if (request.order.size() > kMostOrderTerms) {
    throw Refusal(400, "54000", "more than 32 columns to order by");
  }
  // exists() puts missing values where PostgreSQL puts NULL, exactly, for every type.
  std::string sort;
  for (const auto& term : request.order) {
    const Column& column = filterable(api, term.column, "ordered");
    if (!has_ordered_twin(column.type)) throw unordered(column, api);
    const auto field = solr_field(column);
    const bool nulls_first = term.nulls_first.value_or(term.descending);
    sort += "exists(" + field + ") " + (nulls_first ? "asc" : "desc") + "," + field +
            (term.descending ? " desc," : " asc,");
  }
  return sort + "id asc";
}

void add_scope(const Api& api, const nlohmann::json& claims,
               std::vector<std::pair<std::string, std::string>>& parameters) {
  auto decided = scope_filters(api, claims);
  if (const auto* denial = std::get_if<ScopeDenial>(&decided)) {
    throw Refusal(403, "42501", "permission denied for " + api.path,
                  "the token's claim \"" + denial->claim + "\" " + denial->reason);
  }
  const auto& filters = std::get<std::vector<ScopeFilter>>(decided);
  if (filters.size() != api.scope.size()) {
    throw Refusal(403, "42501",
                  "permission denied for " + api.path);  // never fewer filters than pairs
  }
  if (filters.empty()) return;

  // Never tagged: a tag is what lets a facet exclude a filter.
  parameters.emplace_back("ssep", std::string(1, kScopeSeparator));
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const std::string name = "scope" + std::to_string(i);
    std::string values;
    for (const auto& value : filters[i].values) {
      if (!values.empty()) values += kScopeSeparator;
      values += value;
    }
    parameters.emplace_back("fq",
                            "{!terms f=" + filters[i].field + " separator=$ssep v=$" + name + "}");
    parameters.emplace_back(name, std::move(values));
  }
}

/// _q: words in any of the texts.
std::string search_of(const std::string& words, const Api& api, QueryParameters& parameters) {
  std::vector<std::string> fields;
  for (const auto& column : api.columns) {
    if (!column.language.empty() && api.may_filter(column.name)) fields.push_back(text_field(column));
  }
  if (fields.empty()) {
    throw Refusal(400, "PGRST127", "Feature not implemented", "the API " + api.path + " has no texts to search",
                  "its model's option names such columns: daas.alter_model('" + api.model + "', options => '{\"text\": {\"COLUMN\": \"english\"}}')");
  }
  return parameters.words(text_query(parse_text_query(Operator::kWebFts, words), fields, parameters));
}

void add_highlights(const ApiRequest& request, const Api& api, const QueryParameters& generated, ReadPlan& plan) {
  if (request.highlight.empty()) return;
  std::string fields;
  for (const auto& name : request.highlight) {
    const Column& column = filterable(api, name, "highlighted");
    if (column.language.empty()) throw Refusal(400, "PGRST127", "Feature not implemented", "column " + api.path + "." + name + " is not declared as text to search");
    plan.shape.highlights.emplace_back(name, text_field(column));
    fields += (fields.empty() ? "" : ",") + text_field(column);
  }
  if (generated.all_words().empty()) {
    throw Refusal(400, "22023", "there is nothing to highlight", {}, "_highlight shows what _q, fts, plfts, phfts or wfts found");
  }
  for (const auto& member : plan.shape.members) {
    if (member.name == kHighlightMember) throw Refusal(400, "42701", "column \"_highlight\" is selected twice", {}, "select it under another name");
  }
  std::string words = "{!bool";
  for (const auto& name : generated.all_words()) words += " should=" + name;
  // The encoder escapes what the text holds, so that marks are the only markup.
  for (const auto& [name, value] : std::initializer_list<std::pair<const char*, std::string>>{
           {"hl", "true"}, {"hl.method", "unified"}, {"hl.fl", fields}, {"hl.q", words + "}"}, {"hl.requireFieldMatch", "true"}, {"hl.snippets", "3"},
           {"hl.fragsize", "120"}, {"hl.encoder", "html"}, {"hl.tag.pre", "<mark>"}, {"hl.tag.post", "</mark>"}}) {
    plan.solr.parameters.emplace_back(name, value);
  }
}

std::string facets_of(const ApiRequest& request, const Api& api, std::vector<FacetShape>& shapes) {
  std::string all = api.shards == 1 ? "" : kStateFacet;
  std::size_t ranges = 0;
  for (const auto& facet : request.facets) {
    std::string member;
    shapes.push_back(plan_facet(facet, shapes.size(), filterable(api, facet.column, "counted"), api, member));
    all += (all.empty() ? "" : ",") + member;
    ranges += shapes.back().bounds.size();
    if (ranges > kMostRanges) throw Refusal(400, "54000", "over 2,000 ranges in one request", {}, "take larger steps, or fewer facets");
  }
  return all;
}

}  // namespace

const Column& filterable(const Api& api, const std::string& name, std::string_view purpose) {
  const Column* column = api.column(name);
  const bool served_only = column != nullptr && api.may_read(name) && !can_filter(*column);
  if (!api.may_filter(name) && !served_only) {
    throw Refusal(400, "42703", "column " + api.path + "." + name + " does not exist",
                  "this API can be " + std::string(purpose) + " by: " + listed(api.filters));
  }
  if (column == nullptr) {
    throw unavailable("column " + api.path + "." + name + " is not loaded yet",
                      "its model was redefined and the new generation is not live");
  }
  if (!can_filter(*column)) {
    throw Refusal(400, "0A000",
                  "column " + api.path + "." + name + " of type " + column->pg_type + " can't be " +
                      std::string(purpose) + " by",
                  "this type is served in answers only",
                  "give the model's query a column that can: " + name + "::text AS …");
  }
  return *column;
}

ReadPlan plan_read(const ApiRequest& request, const Api& api, const nlohmann::json& claims,
                   std::chrono::milliseconds time_allowed) {
  ReadPlan plan;
  plan.api = api.path;
  plan.model = api.model;
  plan.by_cursor = request.cursor.has_value();
  plan.solr.collection = api.collection;
  auto& parameters = plan.solr.parameters;

  // Scope first: a token without its claims learns nothing about columns.
  add_scope(api, claims, parameters);

  QueryParameters generated;
  std::string must;
  const auto column = [&](const std::string& name) -> const Column& {
    return filterable(api, name, "filtered");
  };
  for (const auto& filter : request.filters) {
    must += " must=" + generated.query(tree_query(filter, false, api, column, generated));
  }
  if (request.search) must += " must=" + search_of(*request.search, api, generated);
  if (generated.query_count() > kMostQueries) {
    throw Refusal(400, "54000", "the request has more than 500 conditions", {},
                  "split the request");
  }

  plan.shape = answer_shape(request, api);
  plan.streams = request.format == Format::kLines && !plan.by_cursor && request.limit.value_or(kNoLimit) > api.max_rows;
  plan.limit = request.limit.value_or(kNoLimit);
  if (plan.streams) plan.shape.rows = std::min(kStreamPage, plan.limit);
  if (plan.streams && request.offset != 0) {
    throw Refusal(400, "54000", "a stream of rows begins with the first one", {},
                  "leave out the offset, or ask for no more than " + std::to_string(api.max_rows) + " rows: limit=");
  }
  if (request.format == Format::kObject) plan.shape.rows = std::min<std::uint64_t>(plan.shape.rows, 2);
  if (request.offset > kDeepestRow || request.offset + plan.shape.rows > kDeepestRow) {
    throw Refusal(
        400, "54000", "offset + limit is more than 10,000",
        "an offset of " + std::to_string(request.offset) + " and " +
            std::to_string(plan.shape.rows) + " rows were asked for",
        "walk with _cursor=, which goes to the end: its first page has an empty one");
  }

  // User filters stand in the main query and not in fq: only scopes are worth Solr's filter cache.
  parameters.emplace_back("q",
                          "{!bool" + (must.empty() ? " must=$all" : must) + " must_not=$dead}");
  parameters.emplace_back("all", "*:*");
  parameters.emplace_back("dead", "_deleted_:true");
  add_highlights(request, api, generated, plan);
  for (auto& parameter : generated.take()) parameters.push_back(std::move(parameter));
  parameters.emplace_back("sort", sort_of(request, api));
  parameters.emplace_back("start", std::to_string(request.offset));
  parameters.emplace_back("rows", std::to_string(plan.shape.rows));
  if (plan.streams) parameters.emplace_back("cursorMark", "*");
  parameters.emplace_back("fl", request.highlight.empty() ? "_doc_:[json]" : "id,_doc_:[json]");
  if (auto facets = facets_of(request, api, plan.shape.facets); !facets.empty()) parameters.emplace_back("json.facet", "{" + facets + "}");
  if (api.shards == 1) parameters.emplace_back(kStateTerm, "true");
  parameters.emplace_back("wt", "json");
  parameters.emplace_back("timeAllowed", std::to_string(time_allowed.count()));
  return plan;
}

AnswerShape answer_shape(const ApiRequest& request, const Api& api) {
  AnswerShape shape;
  shape.members = members(request, api);
  shape.offset = request.offset;
  shape.rows = std::min(request.limit.value_or(api.max_rows), api.max_rows);
  shape.count = request.count;
  shape.format = request.format;
  shape.strip_nulls = request.strip_nulls;
  return shape;
}

SolrRequest plan_state(const std::string& collection) {
  return {collection,
          {{"q", "*:*"}, {"start", "0"}, {"rows", "0"}, {"json.facet", std::string("{") + kStateFacet + "}"}, {"wt", "json"}}};
}

void check_scope(const Api& api, const nlohmann::json& claims) {
  std::vector<std::pair<std::string, std::string>> unused;
  add_scope(api, claims, unused);
}

}  // namespace daas
