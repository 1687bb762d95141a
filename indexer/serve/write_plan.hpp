// The second stage of a write: what was asked, of which API, with which claims, to SQL statements. Pure.
//
// Invariants. A statement's text holds names of the catalog, quoted, generated parameter names, and words of
// this file; whatever a client sent is a parameter. Every condition on a row that there is has the scope in it,
// on the row itself, so that it is checked again on the version that a concurrent transaction left. Every row
// that a statement leaves behind is looked at, as RETURNING shows it after triggers and generated columns, and
// counted when it is outside the scope.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "serve/api.hpp"
#include "serve/plan.hpp"
#include "serve/write_request.hpp"

namespace daas {

/// Most rows that an answer shows of what was written.
constexpr std::size_t kMostWrittenRows = 10'000;

struct WriteStatement {
  std::string sql;
  std::vector<std::optional<std::string>> parameters;
  std::size_t sent = 0;  ///< rows of an insert
};

/// Each statement answers one row with the number of rows written and the number of those outside the scope;
/// with a representation, that row as often as there are documents, and one of them as the third column: NULL
/// when they are larger together than an answer may be.
struct WritePlan {
  std::vector<WriteStatement> statements;
  bool every_row = false;    ///< a row that was sent and not written met one outside the scope
  bool representation = false;
  std::optional<std::uint64_t> max_affected;
  bool rollback = false;  ///< all of it is undone at the end
  AnswerShape shape;
};

/// @throws Refusal 400 (names, types, limits), 403 (scope), 503
WritePlan plan_write(const WriteRequest& request, const Api& api, const nlohmann::json& claims);

}  // namespace daas
