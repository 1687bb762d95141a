// Reads the definitions of the extension's tables.
#pragma once

#include <vector>

#include "core/model.hpp"
#include "pg/connection.hpp"

namespace daas {

/// Every model with its sources and deltas, ordered by name. A source whose table is gone keeps its oid.
std::vector<Model> read_models(Connection& connection);

/// Whether event triggers tell of DDL: see daas._told_of_ddl().
bool told_of_ddl(Connection& connection);

}  // namespace daas
