// Reads the definitions of the extension's tables.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/model.hpp"
#include "pg/connection.hpp"

namespace daas {

/// Every model with its sources, ordered by name. A source whose table is gone keeps its oid.
std::vector<Model> read_models(Connection& connection);

/// Columns of daas.model.columns. Throws Error when the text is not what the extension writes.
std::vector<Column> parse_columns(std::string_view json);

}  // namespace daas
