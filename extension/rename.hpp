// What a rename of a table, a schema or a column does to the text of a model's query.
#pragma once

extern "C" {
#include "postgres.h"

#include "tcop/deparse_utility.h"
}

namespace daas {

struct ColumnRename {
  const char* old_name;  ///< null: the command renames no column
  const char* new_name;
};

ColumnRename column_rename(const CollectedCommand* command);

/// A stored query (of one table, as deparse_query() writes it) with the present name of its table
/// and the new name of the column; its output columns keep their names. The text itself where
/// nothing changes. Only parses: nothing that the query names is looked up or run.
const char* with_present_names(const char* text, Oid table, ColumnRename column);

}  // namespace daas
