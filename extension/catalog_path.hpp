// Naming things so that the name is good anywhere.
#pragma once

extern "C" {
#include "postgres.h"

#include "utils/guc.h"
}

namespace daas {

/// Runs with nothing on the search_path but the catalogs, so that whatever is deparsed is
/// qualified. An error leaves the setting to the (sub)transaction's end, which undoes it.
template <typename Body>
void under_catalog_path(Body&& body) {
  const int level = NewGUCNestLevel();
  set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
                    GUC_ACTION_SAVE, true, 0, false);
  body();
  AtEOXact_GUC(true, level);
}

}  // namespace daas
