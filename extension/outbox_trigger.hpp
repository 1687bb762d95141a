// The triggers of the outbox (sql/outbox.sql), as DDL meets them.
#pragma once

extern "C" {
#include "postgres.h"

#include "tcop/deparse_utility.h"
}

namespace daas {

/// Whether all that the command does is to enable triggers of the outbox: daas' own upkeep, which changes nothing for anybody.
bool enables_outbox_triggers(const CollectedCommand* command);

}  // namespace daas
