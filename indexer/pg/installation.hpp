// What is installed of daas in a database: the extension, or its SQL without the library.
#pragma once

#include <string>

#include "pg/connection.hpp"

namespace daas {

struct Installation {
  std::string version;          ///< empty: it is not installed
  bool plain = false;           ///< daas--sql-only.sql, not the extension: the server need not have the library
  std::string database;
  std::string untrusted_owner;  ///< of the schema of a plain one: no superuser, and not the database's owner

  struct Fault {
    std::string words;  ///< empty: none
    std::string hint;
  };
  /// Why a daemon of this version can't use it.
  Fault fault(const std::string& expected_version) const;
};

/// Runs nothing of a schema that anybody could have made. Throws PgError.
Installation find_installation(Connection& connection);

}  // namespace daas
