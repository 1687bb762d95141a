// The options of START_REPLICATION … (name 'value', …), checked.
#pragma once

extern "C" {
#include "postgres.h"

#include "nodes/pg_list.h"
}

namespace daas {

struct CaptureOptions {
  const char* publication = nullptr;
  bool json = false;  ///< the format; the rest is for JSON only
  bool include_transactions = false;
  bool include_types = false;
  const char* message_prefix = nullptr;
};

/// Reads a list of DefElem. Raises 22023 for an unknown option, a missing one, one of another
/// format, or a bad value. Strings live in the current memory context.
CaptureOptions parse_capture_options(List* options);

}  // namespace daas
