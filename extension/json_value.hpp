// Values of any type as JSON: the text that to_json(value) has under the pinned settings.
//
// As in capture_encoding.hpp, only output functions that come with PostgreSQL are run, and nothing
// that is stored raises an error: what has no text here, or too long a one, is left out by name.
#pragma once

#include <cstdint>

#include "json_text.hpp"

extern "C" {
#include "postgres.h"

#include "fmgr.h"
}

namespace daas {

enum class JsonKind : std::uint8_t {
  kNone,  ///< not written: its text would be made by somebody else's function
  kBool,
  kInt2,
  kInt4,
  kInt8,
  kFloat4,
  kFloat8,
  kNumeric,
  kMoment,  ///< date, timestamp, timestamptz
  kText,    ///< the stored bytes
  kBytea,
  kUuid,
  kJson,
  kJsonb,
  kArray,
  kComposite,
  kConverted,  ///< a string, by the type's output function
};

struct JsonType {
  JsonKind kind;
  Oid type;                 ///< looked through domains
  Size longest;             ///< for kConverted: stored bytes of which text is made
  mutable FmgrInfo output;  ///< for kConverted; the function keeps its own cache in it
  const JsonType* element;  ///< for kArray
};

/// Lives in the current memory context.
JsonType describe_json_type(Oid type);

/// Writes a value that is not NULL and not an on-disk TOAST pointer. False, and a part written, if
/// it has no text or the text passes the limit. Memory is of the current context.
bool put_json_value(JsonText& out, const JsonType& type, Datum value);

}  // namespace daas
