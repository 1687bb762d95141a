// Settings under which a query's text means the same at every time and for everybody.
#pragma once

extern "C" {
#include "postgres.h"

#include "utils/guc.h"
}

namespace daas {

/// Runs with the settings that the daemon has: nothing on the search_path but the catalogs, so that
/// whatever is deparsed is qualified, and constants in forms that no session's taste changes.
/// An error leaves the settings to the (sub)transaction's end, which undoes them.
template <typename Body>
void under_pinned_settings(Body&& body) {
  constexpr const char* kSettings[][2] = {
      {"search_path", "pg_catalog, pg_temp"},
      {"DateStyle", "ISO, YMD"},
      {"IntervalStyle", "postgres"},
      {"TimeZone", "UTC"},
      {"extra_float_digits", "1"},
      {"bytea_output", "hex"},
      {"standard_conforming_strings", "on"},
      {"quote_all_identifiers", "off"},
  };
  const int level = NewGUCNestLevel();
  for (const auto& setting : kSettings) {
    set_config_option(setting[0], setting[1], PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                      false);
  }
  body();
  AtEOXact_GUC(true, level);
}

}  // namespace daas
