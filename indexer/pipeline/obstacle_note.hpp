// Tells the database, and with it daas.status(), what keeps the daemon from following the changes.
#pragma once

#include <string>

#include "pg/connection.hpp"

namespace daas {

/// Does nothing while another daemon follows the changes of this database: its word counts.
void note_obstacle(Connection& connection, const std::string& words, const std::string& hint);

}  // namespace daas
