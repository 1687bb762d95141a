// Columns of a model as the extension and the daemon write them down: daas.model.columns and
// daas.generation.columns.
//
//   [{"name": "at", "type": "public.moment", "value": "timestamp with time zone" or null,
//     "source": "at" or null}, …]
//
// `value` is a name that value_type_named() knows, null when the column is fetched as to_json(column).
// The extension adds members for the SQL side, which are not read here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/value_type.hpp"

namespace daas {

/// Throws Error(kStop) when the text is not such a list.
std::vector<Column> parse_columns(std::string_view json);
std::string columns_json(const std::vector<Column>& columns);

}  // namespace daas
