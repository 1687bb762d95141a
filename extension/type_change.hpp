// ALTER TYPE that changes what stored values print, of which the WAL has no row changes; ALTER TABLE
// that changes columns.
#pragma once

extern "C" {
#include "postgres.h"

#include "tcop/deparse_utility.h"
}

namespace daas {

/// Whether the command may change the text of values of the type that it alters: a renamed label of
/// an enum; an attribute of a composite type, or a column of a table as such, that was added, dropped
/// or renamed. Not a new label, which no value has yet.
bool changes_values(const CollectedCommand* command);

/// Whether the command is an ALTER TABLE that may change what a query over the columns means: a type,
/// a column that is gone or may be null now.
bool changes_columns(const CollectedCommand* command);

}  // namespace daas
