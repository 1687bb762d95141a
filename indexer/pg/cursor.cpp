#include "pg/cursor.hpp"

namespace daas {

void read_in_parts(Connection& connection, const std::string& cursor, const std::string& query,
                   std::span<const Parameter> parameters, int most,
                   const std::function<void(const Result&)>& take) {
  connection.run("DECLARE " + cursor + " NO SCROLL CURSOR FOR " + query, parameters);
  const auto fetch = "FETCH " + std::to_string(most) + " FROM " + cursor;
  while (true) {
    const auto rows = connection.run(fetch);
    if (rows.rows() > 0) take(rows);
    if (rows.rows() < most) break;
  }
  connection.run("CLOSE " + cursor);
}

}  // namespace daas
