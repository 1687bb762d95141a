// The functions of ../sql that are written in C++; their comments there say what they do.
#include <cstring>

#include "model_query.hpp"
#include "outbox_trigger.hpp"
#include "owner_gate.hpp"
#include "partition_move.hpp"
#include "password.hpp"
#include "pg_boundary.hpp"
#include "rename.hpp"
#include "type_change.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
}

namespace {

/// The argument as a C string, or null.
const char* text_argument(FunctionCallInfo fcinfo, int index) {
  return PG_ARGISNULL(index) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(index));
}

/// How SQL calls the kinds of renames.
constexpr struct {
  daas::RenameKind kind;
  const char* name;
} kRenames[] = {{daas::RenameKind::kColumn, "column"},
                {daas::RenameKind::kRelation, "relation"},
                {daas::RenameKind::kMoved, "moved"},
                {daas::RenameKind::kSchema, "schema"}};

}  // namespace

DAAS_SQL_FUNCTION(run_as_owner) {
  return daas::run_as_owner_of(fcinfo);
}

DAAS_SQL_FUNCTION(define_model) {
  const Oid caller = PG_GETARG_OID(0);
  const char* search_path = text_argument(fcinfo, 1);
  const char* query = text_argument(fcinfo, 2);
  ArrayType* key = PG_ARGISNULL(3) ? nullptr : PG_GETARG_ARRAYTYPE_P(3);
  const bool by_outbox = PG_GETARG_BOOL(4);
  Jsonb* definition = nullptr;
  daas::run_as(caller, search_path, [&] { definition = daas::define_model_query(query, key, by_outbox); });
  PG_RETURN_JSONB_P(definition);
}

DAAS_SQL_FUNCTION(hash_password) {
  PG_RETURN_TEXT_P(cstring_to_text(daas::hash_password(text_argument(fcinfo, 0))));
}

DAAS_SQL_FUNCTION(verify_password) {
  if (PG_ARGISNULL(0)) PG_RETURN_BOOL(false);
  PG_RETURN_BOOL(daas::verify_password(text_argument(fcinfo, 0), text_argument(fcinfo, 1)));
}

DAAS_SQL_FUNCTION(password_hash_format) {
  switch (daas::hash_format(text_argument(fcinfo, 0))) {
    case daas::HashFormat::kGood:
      PG_RETURN_TEXT_P(cstring_to_text("good"));
    case daas::HashFormat::kWeak:
      PG_RETURN_TEXT_P(cstring_to_text("weak"));
    case daas::HashFormat::kUnknown:
      break;
  }
  PG_RETURN_TEXT_P(cstring_to_text("unknown"));
}

DAAS_SQL_FUNCTION(dropped_partition_root) {
  const Oid root = daas::dropped_partition_root(PG_GETARG_OID(0));
  if (!OidIsValid(root)) PG_RETURN_NULL();
  PG_RETURN_OID(root);
}

DAAS_SQL_FUNCTION(enables_outbox_triggers) {
  auto* command = reinterpret_cast<CollectedCommand*>(PG_GETARG_POINTER(0));
  PG_RETURN_BOOL(daas::enables_outbox_triggers(command));
}

DAAS_SQL_FUNCTION(moves_rows) {
  const auto* command = reinterpret_cast<const CollectedCommand*>(PG_GETARG_POINTER(0));
  PG_RETURN_BOOL(daas::moves_rows(command));
}

DAAS_SQL_FUNCTION(changes_values) {
  const auto* command = reinterpret_cast<const CollectedCommand*>(PG_GETARG_POINTER(0));
  PG_RETURN_BOOL(daas::changes_values(command));
}

DAAS_SQL_FUNCTION(changes_columns) {
  const auto* command = reinterpret_cast<const CollectedCommand*>(PG_GETARG_POINTER(0));
  PG_RETURN_BOOL(daas::changes_columns(command));
}

DAAS_SQL_FUNCTION(renamed) {
  const auto* command = reinterpret_cast<const CollectedCommand*>(PG_GETARG_POINTER(0));
  const daas::Rename rename = daas::rename_of(command);
  const char* kind = nullptr;
  for (const auto& known : kRenames) {
    if (known.kind == rename.kind) kind = known.name;
  }
  if (kind == nullptr) PG_RETURN_NULL();
  Datum names[] = {CStringGetTextDatum(kind),
                   CStringGetTextDatum(rename.old_name == nullptr ? "" : rename.old_name),
                   CStringGetTextDatum(rename.new_name == nullptr ? "" : rename.new_name)};
  PG_RETURN_ARRAYTYPE_P(construct_array(names, 3, TEXTOID, -1, false, TYPALIGN_INT));
}

DAAS_SQL_FUNCTION(with_present_names) {
  const char* kind = text_argument(fcinfo, 2);
  daas::Rename rename{daas::RenameKind::kNone, PG_GETARG_OID(1), text_argument(fcinfo, 3),
                      text_argument(fcinfo, 4)};
  for (const auto& known : kRenames) {
    if (std::strcmp(known.name, kind) == 0) rename.kind = known.kind;
  }
  PG_RETURN_TEXT_P(
      cstring_to_text(daas::with_present_names(text_argument(fcinfo, 0), rename)));
}
