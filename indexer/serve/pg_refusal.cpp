#include "serve/pg_refusal.hpp"

#include <algorithm>
#include <string_view>

namespace daas {
namespace {

struct StatusOf {
  std::string_view sqlstate;  ///< or the beginning of it
  unsigned status;
};

/// The first that fits. What is none of the client's doing is 500, and its words are for the log.
constexpr StatusOf kStatuses[] = {
    {"08", 503},   {"23503", 409}, {"23505", 409}, {"23P01", 409}, {"25006", 405}, {"40", 503},    {"42501", 403},
    {"42P10", 400}, {"428C9", 400}, {"42", 500},    {"53", 503},    {"54", 400},    {"55P03", 503}, {"55000", 400}, {"57014", 504},
    {"57", 503},   {"0A", 400},    {"20", 400},    {"21", 400},    {"22", 400},    {"23", 400},    {"27", 400},
    {"44", 403},   {"P0001", 400}, {"P0", 500},
};

unsigned status_of(std::string_view sqlstate) {
  const auto found = std::find_if(std::begin(kStatuses), std::end(kStatuses),
                                  [&](const StatusOf& known) { return sqlstate.starts_with(known.sqlstate); });
  return found == std::end(kStatuses) ? 500 : found->status;
}

/// The API's name of a column of the table; nothing when it has none.
const WriteTarget::Column* field_over(const Api& api, std::string_view source) {
  if (!api.target) return nullptr;
  const auto& columns = api.target->columns;
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const auto& column) { return column.field && column.source == source; });
  return found == columns.end() ? nullptr : &*found;
}

/// Types whose values are names of the database's objects: PostgreSQL refuses one that there is not as it refuses a
/// broken statement. @param type as format_type() prints it
bool names_objects(std::string_view type) {
  constexpr std::string_view kTypes[] = {"regclass", "regcollation", "regconfig", "regdictionary", "regnamespace", "regoper",
                                         "regoperator", "regproc", "regprocedure", "regrole", "regtype"};
  if (type.ends_with("[]")) type.remove_suffix(2);
  return std::find(std::begin(kTypes), std::end(kTypes), type) != std::end(kTypes);
}

/// The first of these columns whose values are names; nothing when there is none.
const WriteTarget::Column* naming_column(const Api& api, const std::vector<std::string>& written) {
  for (const auto& name : written) {
    const auto* column = api.target ? api.target->column(name) : nullptr;
    if (column != nullptr && column->field && names_objects(column->type)) return column;
  }
  return nullptr;
}

std::string message_of(const PgError& error, const Api& api) {
  // Of the table, or of one that a trigger writes: neither is the client's to know.
  if (error.sqlstate() == "42501") return "permission denied for " + api.path;
  if (error.sqlstate() != "23502") return error.report().message;
  const auto* column = field_over(api, error.report().column);
  return column == nullptr ? "null value in a column that is not of the API violates a not-null constraint"
                           : "null value in column \"" + column->name + "\" violates not-null constraint";
}

}  // namespace

ApiError write_error(const PgError& error, const Api& api, const std::vector<std::string>& written) {
  const auto& code = error.sqlstate();
  ApiError told;
  told.status = status_of(code);
  told.code = code;
  const bool about_names = code.starts_with("42") || code.starts_with("3F");
  if (const auto* column = told.status == 500 && about_names ? naming_column(api, written) : nullptr) {
    // Not PostgreSQL's words: whether it was the value, or a trigger that is broken, can't be told for certain.
    return {400, "22P02", "invalid input syntax for type " + column->type, "column " + api.path + "." + column->name + " is written",
            "its values are names of objects of the database", {}};
  }
  if (told.status == 500) {
    told.message = "the database could not make the write";
    told.hint = "see the daemon's log";
    return told;
  }
  if (told.status == 503) {
    told.message = code.starts_with("40") ? "the write met others that were made at the same time, again and again"
                   : code == "55P03"      ? "a row is locked by another transaction"
                                          : "the database can't take the write now";
    told.headers.emplace_back("Retry-After", "1");
    return told;
  }
  if (code == "57014") {
    told.code = "PGRST003";
    told.message = "the write took too long and was undone";
    told.hint = "write fewer rows at a time";
    return told;
  }
  told.message = message_of(error, api);
  if (code == "P0001") {
    told.details = error.report().detail;
    told.hint = error.report().hint;
  }
  return told;
}

}  // namespace daas
