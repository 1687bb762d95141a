// The table behind an API that allows writes. Values, no I/O.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace daas {

struct WriteTarget {
  struct Column {
    std::string name;    ///< of the model
    std::string source;  ///< of the table, as it is, not quoted
    std::string type;    ///< of the table's column, with its modifier, as a column definition says it
    bool field = false;  ///< of the API: may be named by a client
    bool writable = false;       ///< not generated, nor GENERATED ALWAYS AS IDENTITY
    bool deterministic = true;   ///< its collation: equal is equal byte by byte
  };

  std::string relation;  ///< schema and name, quoted where they must be
  bool partitioned = false;
  bool insert = false;
  bool update = false;
  bool remove = false;
  std::vector<Column> columns;   ///< fields, scope columns and the model's key
  std::vector<std::string> key;  ///< the primary key's columns of the table; empty: it has none

  /// The column of the model's of that name, or null.
  const Column* column(std::string_view name) const {
    for (const auto& column : columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }
};

}  // namespace daas
