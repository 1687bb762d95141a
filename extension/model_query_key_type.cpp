// Which types a key column may have: those where a value has one text, in every session and in the
// WAL, since that text names the document.
#include "model_query.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace daas {
namespace {

constexpr const char* kUnstable = "The text of its values depends on names or settings.";

/// Sets `detail` for a type that looks as if it would do.
bool names_documents(Oid type, int32 typmod, const char** detail) {
  const Oid base = getBaseTypeAndTypmod(type, &typmod);
  switch (base) {
    case BOOLOID:
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case TEXTOID:
    case VARCHAROID:
    case NAMEOID:
    case CHAROID:
    case BYTEAOID:
    case UUIDOID:
    case DATEOID:
    case TIMEOID:
    case TIMETZOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
    case INETOID:
    case CIDROID:
    case MACADDROID:
    case MACADDR8OID:
    case BITOID:
    case VARBITOID:
    case OIDOID:
    case XID8OID:
    case LSNOID:
      return true;
    case BPCHAROID:
      *detail = "Values that differ in trailing blanks only are equal.";
      return typmod >= 0;  // else all are padded alike
    case FLOAT4OID:
    case FLOAT8OID:
      // The daemon gives both zeros one text, and knows a column of a domain by its name only.
      *detail = "0 and -0 are equal.";
      return base == type;
    case NUMERICOID:
      *detail = "1.0 and 1.00 are equal.";
      return base == type || typmod >= 0;
    case INTERVALOID:
      *detail = "1 day and 24 hours are equal.";
      return false;
    case MONEYOID:
    case REGCLASSOID:
    case REGPROCOID:
    case REGPROCEDUREOID:
    case REGOPEROID:
    case REGOPERATOROID:
    case REGTYPEOID:
    case REGROLEOID:
    case REGNAMESPACEOID:
    case REGCONFIGOID:
    case REGDICTIONARYOID:
    case REGCOLLATIONOID:
      *detail = kUnstable;
      return false;
    default:
      return type_is_enum(base);
  }
}

}  // namespace

void check_key_type(const ModelQuery& model, const OutputColumn& column, int32 modifier,
                    Oid collation) {
  const char* detail = nullptr;
  if (!names_documents(column.type, modifier, &detail)) {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("key column \"%s\" is of type %s, which is not supported in a key", column.name,
                    format_type_with_typemod(column.type, modifier)),
             detail == nullptr ? 0 : errdetail("%s", detail),
             errhint("Key columns are booleans, numbers, texts, bytea, uuids, dates, times, network "
                     "addresses, bit strings, enums, or domains over these."),
             query_position(model.text, column.location)));
  }
  if (OidIsValid(collation) && !get_collation_isdeterministic(collation)) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("key column \"%s\" has the nondeterministic collation \"%s\"",
                           column.name, get_collation_name(collation)),
                    errdetail("Different texts are equal by it."),
                    errhint("Name other columns with key => …, or give the column a deterministic "
                            "collation."),
                    query_position(model.text, column.location)));
  }
}

}  // namespace daas
