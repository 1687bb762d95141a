// Partitions that come and go with their rows: no row change in the WAL says so.
#pragma once

extern "C" {
#include "postgres.h"

#include "tcop/deparse_utility.h"
}

namespace daas {

/// The topmost partitioned table that `relation` was a partition of when the current transaction
/// began, or InvalidOid. For tables that are dropped: when the sql_drop event comes, the catalogs
/// don't know their parents any more.
Oid dropped_partition_root(Oid relation);

/// Whether the command attaches or detaches a partition that isn't empty.
bool moves_rows(const CollectedCommand* command);

}  // namespace daas
