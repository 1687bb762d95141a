// JSON Schemas (draft 2020-12, which OpenAPI 3.1 takes) of what a column's values look like in an
// answer: the JSON that PostgreSQL's row_to_json prints. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "core/value_type.hpp"

namespace daas {

/// Any column may be NULL as far as the catalog knows. `x-pg-type` is PostgreSQL's name of the type.
/// References lead to value_schemas().
nlohmann::ordered_json column_schema(const Column& column);

/// The schemas of types that need more than one keyword, by name, for `components/schemas`. The names
/// begin with a capital, which an API's path does not.
nlohmann::ordered_json value_schemas();

}  // namespace daas
