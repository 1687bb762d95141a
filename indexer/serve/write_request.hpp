// The first stage of a write: a request's parameters, headers and body to a WriteRequest. Pure.
// Knows the grammar of the dialect; which columns there are is write_plan.hpp's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/json_rows.hpp"
#include "serve/request.hpp"

namespace daas {

struct WriteRequest {
  enum class Kind { kInsert, kUpdate, kDelete };
  enum class Answer { kMinimal, kHeadersOnly, kRepresentation };
  enum class Conflict { kFail, kIgnore, kMerge };

  Kind kind = Kind::kInsert;
  Answer answer = Answer::kMinimal;
  Conflict conflict = Conflict::kFail;
  std::vector<JsonRow> rows;  ///< of an insert any number, of an update one, of a delete none
  std::optional<std::vector<std::string>> columns;  ///< columns=: what counts in the rows
  std::vector<std::string> on_conflict;             ///< empty: the primary key
  bool missing_default = false;  ///< a member that a row lacks is the column's DEFAULT, not NULL
  std::optional<std::uint64_t> max_affected;  ///< more rows than that are not to be changed
  bool rollback = false;         ///< Prefer: tx=rollback: tried, answered, and undone
  ApiRequest read;               ///< filters, and the shape of the answer
  std::string applied;           ///< of Preference-Applied
};

/// Headers that change what a write does.
struct WriteHeaders {
  std::string prefer;
  std::string accept;
  std::string content_type;
  std::string content_profile;
};

/// Whether the method is one of those that write.
bool is_write(std::string_view method);

/// @param method one that writes
/// @throws Refusal 400, 406, 415
WriteRequest parse_write(std::string_view method, const Target& target, const WriteHeaders& headers, std::string_view body,
                         std::string_view api, const std::vector<std::string>& filterable,
                         const std::vector<std::string>& readable);

}  // namespace daas
