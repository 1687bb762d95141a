// What a rename of a table, a view, a schema or a column does to the text of a model's query.
#pragma once

#include <cstdint>

extern "C" {
#include "postgres.h"

#include "tcop/deparse_utility.h"
}

namespace daas {

enum class RenameKind : std::uint8_t { kNone, kColumn, kRelation, kMoved, kSchema };

struct Rename {
  RenameKind kind;
  Oid relation;  ///< table or view that was renamed, moved, or whose column was renamed
  const char* old_name;
  const char* new_name;
};

/// What the command renamed; the relation is for the caller to know.
Rename rename_of(const CollectedCommand* command);

/// A stored query (as deparse_query() writes it) with the new names; its output columns keep theirs.
/// The text itself where nothing changes. Only parses: nothing that the query names is run.
const char* with_present_names(const char* text, const Rename& rename);

}  // namespace daas
