// Which partitioned table a dropped table was a partition of. Its rows went with it, and no row
// change says so. When the sql_drop event comes, the catalogs don't know it any more.
#pragma once

extern "C" {
#include "postgres.h"
}

namespace daas {

/// The topmost ancestor that `relation` had when the current transaction began, or InvalidOid.
Oid dropped_partition_root(Oid relation);

}  // namespace daas
