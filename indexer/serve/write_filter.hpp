// Filters of a write to SQL conditions on the table's own columns. Pure.
//
// A condition is of plain columns and of parameters that are cast to a built-in type; operators and types are
// named with their schema, so that nothing on the role's search_path is called. PostgreSQL may try conditions
// in any order, on rows of other scopes, too: none of these raises an error that depends on a row.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/sql_quote.hpp"
#include "core/value_type.hpp"
#include "serve/api.hpp"
#include "serve/request.hpp"

namespace daas {

/// A statement's parameters $1, $2, …, in text form.
class SqlParameters {
 public:
  /// Adds a value, and names it.
  std::string add(std::string value) {
    values_.emplace_back(std::move(value));
    return "$" + std::to_string(values_.size());
  }
  const std::vector<std::optional<std::string>>& values() const { return values_; }

 private:
  std::vector<std::optional<std::string>> values_;
};

/// In double quotes, whatever it holds.
inline std::string quoted_identifier(std::string_view name) { return sql_quoted(name, '"'); }

/// What a filter compares.
struct ComparedColumn {
  const Column& column;  ///< its type
  const WriteTarget::Column& target;
};

/// `t."origin"` as an operand of =, <> and IN, whose right side is of built_in_type().
std::string equal_operand(const ComparedColumn& compared);
/// The type, with its schema, that values of the column are cast to; of arrays that of the elements.
std::string built_in_type(ValueType type);

/// The condition of a filter or a tree of them on a row of table alias t. It holds where the same filter of a
/// read does.
/// @param column finds a column by name, or throws
/// @throws Refusal 400 as reads do for values and operators
std::string filter_condition(const Filter& filter, const Api& api,
                             const std::function<ComparedColumn(const std::string&)>& column, SqlParameters& parameters);

}  // namespace daas
