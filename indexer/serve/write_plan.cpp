#include "serve/write_plan.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/array_text.hpp"
#include "core/json_text.hpp"
#include "serve/response.hpp"
#include "serve/scope_rule.hpp"
#include "serve/write_filter.hpp"

namespace daas {
namespace {

constexpr std::size_t kMostColumnSets = 100;
constexpr std::size_t kMostConditions = 500;
constexpr std::size_t kLongestScopeValue = 32'000;

using TargetColumn = WriteTarget::Column;

/// One statement's text and parameters.
class WritePlanner {
 public:
  WritePlanner(const WriteRequest& request, const Api& api, const nlohmann::json& claims)
      : request_(request), api_(api), target_(*api.target), claims_(claims) {}

  WritePlan plan();

 private:
  std::vector<const TargetColumn*> written_columns(const std::vector<std::string>& names) const;
  std::vector<std::string> named_columns(const JsonRow& row) const;
  std::map<std::vector<std::string>, std::vector<const JsonRow*>> column_sets() const;
  WriteStatement insert(const std::vector<std::string>& names, const std::vector<const JsonRow*>& rows) const;
  WriteStatement update(const std::vector<std::string>& names) const;
  WriteStatement remove() const;
  std::string conflict(const std::vector<const TargetColumn*>& columns, SqlParameters& parameters) const;
  std::string scope(SqlParameters& parameters) const;
  std::string old_rows(SqlParameters& parameters) const;
  WriteStatement counted(const std::string& statement, const std::string& within, SqlParameters parameters, std::size_t sent) const;
  ComparedColumn compared(const std::string& name) const;
  std::string table() const { return (target_.partitioned ? "" : "ONLY ") + target_.relation + " AS t"; }

  const WriteRequest& request_;
  const Api& api_;
  const WriteTarget& target_;
  const nlohmann::json& claims_;
  WritePlan plan_;
};

const TargetColumn& field_of(const WriteTarget& target, const std::string& name, const Api& api) {
  const auto* column = target.column(name);
  // One that is not the API's is not told from one that there is not.
  if (column != nullptr && column->field) return *column;
  throw Refusal(400, "PGRST204", "Could not find the '" + name + "' column of '" + api.path + "' in the schema cache");
}

std::string json_rows_text(const std::vector<const TargetColumn*>& columns, const std::vector<const JsonRow*>& rows) {
  std::map<std::string_view, std::string> names;  // of the model: the table's, as a member
  for (const auto* column : columns) {
    auto& member = names[column->name] = "\"";
    append_json_escaped(member, column->source);
    member += "\":";
  }
  std::string text = "[";
  for (const auto* row : rows) {
    text += text.size() > 1 ? ",{" : "{";
    bool first = true;
    for (const auto& [name, value] : *row) {
      const auto known = names.find(name);
      if (known == names.end()) continue;
      if (!first) text += ',';
      first = false;
      text += known->second;
      text += value;
    }
    text += '}';
  }
  return text + "]";
}

/// `r("id" bigint, "name" character varying(20))`
std::string row_definition(const std::vector<const TargetColumn*>& columns) {
  std::string text;
  for (const auto* column : columns) {
    text += (text.empty() ? "r(" : ", ") + quoted_identifier(column->source) + " " + column->type;
  }
  return text + ")";
}

std::string listed_sources(const std::vector<const TargetColumn*>& columns, const std::string& prefix = {}) {
  std::string text;
  for (const auto* column : columns) text += (text.empty() ? "" : ", ") + prefix + quoted_identifier(column->source);
  return text;
}

std::vector<const TargetColumn*> WritePlanner::written_columns(const std::vector<std::string>& names) const {
  std::vector<const TargetColumn*> columns;
  std::set<std::string_view> sources;
  for (const auto& name : names) {
    const auto& column = field_of(target_, name, api_);
    if (!column.writable) {
      throw Refusal(400, "428C9", "column \"" + name + "\" can't be written", "its values are generated");
    }
    if (!sources.insert(column.source).second) {
      throw Refusal(400, "42701", "column \"" + name + "\" specified more than once");
    }
    columns.push_back(&column);
  }
  return columns;
}

std::vector<std::string> WritePlanner::named_columns(const JsonRow& row) const {
  std::vector<std::string> names;
  for (const auto& [name, value] : row) {
    if (request_.columns && std::find(request_.columns->begin(), request_.columns->end(), name) == request_.columns->end()) {
      continue;
    }
    names.push_back(name);
  }
  return names;
}

/// One set of columns for all rows, or, where what is missing is a DEFAULT, one for each set of members: a
/// column that an INSERT does not name gets its default, whatever that is.
std::map<std::vector<std::string>, std::vector<const JsonRow*>> WritePlanner::column_sets() const {
  std::map<std::vector<std::string>, std::vector<const JsonRow*>> sets;
  if (request_.columns) written_columns(*request_.columns);  // refused also when no row has them
  if (!request_.missing_default && request_.columns) {
    for (const auto& row : request_.rows) sets[*request_.columns].push_back(&row);
    return sets;
  }
  for (const auto& row : request_.rows) {
    auto names = named_columns(row);
    std::sort(names.begin(), names.end());
    sets[std::move(names)].push_back(&row);
  }
  if (sets.size() > 1 && !request_.missing_default) {
    throw Refusal(400, "PGRST102", "All object keys must match", {}, "name the columns: ?columns=a,b");
  }
  if (sets.size() > kMostColumnSets) {
    throw Refusal(400, "54000", "the rows have more than 100 different sets of members", {}, "split the request");
  }
  return sets;
}

std::string WritePlanner::scope(SqlParameters& parameters) const {
  auto decided = scope_filters(api_, claims_);
  const auto* filters = std::get_if<std::vector<ScopeFilter>>(&decided);
  if (filters == nullptr || filters->size() != api_.scope.size()) throw Refusal(403, "42501", "permission denied for " + api_.path);
  std::string condition;
  for (std::size_t i = 0; i < filters->size(); ++i) {
    const auto column = compared(api_.scope[i].column);
    const auto& values = (*filters)[i].values;
    // A longer one is not itself in the filter, but its hash.
    for (const auto& value : values) {
      if (value.size() >= kLongestScopeValue) throw Refusal(403, "42501", "permission denied for " + api_.path);
    }
    condition += (condition.empty() ? "" : " AND ") + equal_operand(column) + " OPERATOR(pg_catalog.=) ANY (" +
                 parameters.add(array_text(values)) + "::" + built_in_type(column.column.type) + "[])";
  }
  return condition.empty() ? "true" : "(" + condition + ")";
}

ComparedColumn WritePlanner::compared(const std::string& name) const {
  const Column* column = api_.column(name);
  const auto* target = target_.column(name);
  if (column == nullptr || target == nullptr) {
    throw unavailable("column " + api_.path + "." + name + " is not loaded yet",
                      "its model was redefined and the new generation is not live");
  }
  return {*column, *target};
}

/// The rows that an update or delete is of.
std::string WritePlanner::old_rows(SqlParameters& parameters) const {
  std::string where = " WHERE " + scope(parameters);
  const auto column = [this](const std::string& name) {
    filterable(api_, name, "filtered");
    return compared(name);
  };
  for (const auto& filter : request_.read.filters) {
    where += " AND " + filter_condition(filter, api_, column, parameters);
  }
  if (parameters.values().size() > kMostConditions) {
    throw Refusal(400, "54000", "the request has more than 500 conditions", {}, "split the request");
  }
  return where;
}

WriteStatement WritePlanner::counted(const std::string& statement, const std::string& within, SqlParameters parameters,
                                     std::size_t sent) const {
  const std::string outside = "pg_catalog.count(*) FILTER (WHERE within IS NOT TRUE)";
  if (!plan_.representation) {
    return {"WITH changed AS (" + statement + " RETURNING " + within + " AS within) SELECT pg_catalog.count(*), " + outside + " FROM changed",
            parameters.values(), sent};
  }
  std::string document;
  std::set<std::string_view> named;
  for (const auto& member : plan_.shape.members) {
    const auto* column = target_.column(member.column);
    if (column == nullptr || !named.insert(member.column).second) continue;
    document += (document.empty() ? "" : ", ") + ("t." + quoted_identifier(column->source)) + " AS " + quoted_identifier(column->name);
  }
  return {"WITH changed AS (" + statement + " RETURNING " + within + " AS within, (SELECT pg_catalog.row_to_json(m.*) FROM (SELECT " +
              document + ") m)::pg_catalog.text AS document) SELECT pg_catalog.count(*) OVER (), " + outside +
              " OVER (), CASE WHEN pg_catalog.sum(pg_catalog.octet_length(document)) OVER () OPERATOR(pg_catalog.<=) " + std::to_string(kLargestBody) +
              " THEN document END FROM changed LIMIT " + std::to_string(kMostWrittenRows + 1),
          parameters.values(), sent};
}

std::string WritePlanner::conflict(const std::vector<const TargetColumn*>& columns, SqlParameters& parameters) const {
  std::string arbiter;
  for (const auto& name : request_.on_conflict) {
    arbiter += (arbiter.empty() ? "" : ", ") + quoted_identifier(field_of(target_, name, api_).source);
  }
  if (arbiter.empty()) {
    for (const auto& source : target_.key) arbiter += (arbiter.empty() ? "" : ", ") + quoted_identifier(source);
  }
  if (arbiter.empty()) {
    throw Refusal(400, "42P10", "the table has no primary key that a conflict could be about", {}, "name the unique columns: ?on_conflict=a,b");
  }
  if (request_.conflict == WriteRequest::Conflict::kIgnore || columns.empty()) return " ON CONFLICT (" + arbiter + ") DO NOTHING";
  std::string set;
  for (const auto* column : columns) {
    const auto name = quoted_identifier(column->source);
    set += (set.empty() ? "" : ", ") + name + " = EXCLUDED." + name;
  }
  return " ON CONFLICT (" + arbiter + ") DO UPDATE SET " + set + " WHERE " + scope(parameters);
}

WriteStatement WritePlanner::insert(const std::vector<std::string>& names, const std::vector<const JsonRow*>& rows) const {
  const auto columns = written_columns(names);
  SqlParameters parameters;
  std::string sql = "INSERT INTO " + target_.relation + " AS t";
  if (columns.empty()) {
    sql += " SELECT FROM pg_catalog.generate_series(1, " + parameters.add(std::to_string(rows.size())) + "::pg_catalog.int4)";
  } else {
    const auto body = parameters.add(json_rows_text(columns, rows));
    sql += " (" + listed_sources(columns) + ") SELECT " + listed_sources(columns, "r.") + " FROM pg_catalog.json_to_recordset(" + body +
           "::pg_catalog.json) AS " + row_definition(columns);
  }
  if (request_.conflict != WriteRequest::Conflict::kFail) sql += conflict(columns, parameters);
  auto within = scope(parameters);
  return counted(sql, within, std::move(parameters), rows.size());
}

WriteStatement WritePlanner::update(const std::vector<std::string>& names) const {
  const auto columns = written_columns(names);
  SqlParameters parameters;
  const auto body = parameters.add(json_rows_text(columns, {&request_.rows[0]}));
  std::string set;
  for (const auto* column : columns) {
    const auto name = quoted_identifier(column->source);
    set += (set.empty() ? "" : ", ") + name + " = r." + name;
  }
  const auto sql = "UPDATE " + table() + " SET " + set + " FROM pg_catalog.json_to_recordset(" + body + "::pg_catalog.json) AS " +
                   row_definition(columns) + old_rows(parameters);
  auto within = scope(parameters);
  return counted(sql, within, std::move(parameters), 0);
}

WriteStatement WritePlanner::remove() const {
  SqlParameters parameters;
  const auto sql = "DELETE FROM " + table() + old_rows(parameters);
  return counted(sql, "true", std::move(parameters), 0);
}

WritePlan WritePlanner::plan() {
  // Scope first: a token without its claims learns nothing about columns.
  check_scope(api_, claims_);
  plan_.representation = request_.answer == WriteRequest::Answer::kRepresentation;
  plan_.rollback = request_.rollback;
  plan_.max_affected = request_.max_affected;
  plan_.shape = answer_shape(request_.read, api_);
  switch (request_.kind) {
    case WriteRequest::Kind::kInsert:
      if (request_.conflict == WriteRequest::Conflict::kMerge && !target_.update) {
        throw Refusal(405, "PGRST117", "merge-duplicates updates rows, which the API " + api_.path + " does not allow", {},
                      "its definition must allow update, too: writes => '{insert,update}'");
      }
      plan_.every_row = request_.conflict == WriteRequest::Conflict::kMerge;
      for (const auto& [names, rows] : column_sets()) plan_.statements.push_back(insert(names, rows));
      break;
    case WriteRequest::Kind::kUpdate: {
      const auto names = request_.columns && !request_.missing_default ? *request_.columns : named_columns(request_.rows.at(0));
      SqlParameters unused;
      if (names.empty()) {
        old_rows(unused);  // refused all the same
      } else {
        plan_.statements.push_back(update(names));
      }
      break;
    }
    case WriteRequest::Kind::kDelete:
      plan_.statements.push_back(remove());
      break;
  }
  return std::move(plan_);
}

}  // namespace

WritePlan plan_write(const WriteRequest& request, const Api& api, const nlohmann::json& claims) {
  return WritePlanner(request, api, claims).plan();
}

}  // namespace daas
