// Rows of a query in parts, so that any number of them takes little memory.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "pg/connection.hpp"

namespace daas {

/// Calls `take` with up to `most` rows at a time. In an open transaction only; `take` may use the
/// connection, also for a cursor of another name.
void read_in_parts(Connection& connection, const std::string& cursor, const std::string& query,
                   std::span<const Parameter> parameters, int most,
                   const std::function<void(const Result&)>& take);

}  // namespace daas
