// How the values of an output column travel to the daemon, and what it can filter by.
#pragma once

extern "C" {
#include "postgres.h"
}

namespace daas {

struct ValueForm {
  /// Name of the built-in type that the values are of, domains seen through; "enum" of enums. Their
  /// text is all that the daemon needs. Null: it needs to_json(column).
  const char* type;
  /// What can be asked of the column: "order", "equality" only, "elements" of arrays, or null.
  const char* twin;
};

/// The types are those of indexer/core/value_type.cpp.
ValueForm value_form(Oid type);

}  // namespace daas
