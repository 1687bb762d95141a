#include "capture_encoding.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"
}

namespace daas {
namespace {

bool native_encoding(Oid type, ValueEncoding* encoding) {
  switch (type) {
    case BOOLOID:
      *encoding = ValueEncoding::kByte;
      return true;
    case INT2OID:
      *encoding = ValueEncoding::kTwo;
      return true;
    case INT4OID:
    case FLOAT4OID:
    case DATEOID:
      *encoding = ValueEncoding::kFour;
      return true;
    case INT8OID:
    case FLOAT8OID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
      *encoding = ValueEncoding::kEight;
      return true;
    case UUIDOID:
      *encoding = ValueEncoding::kSixteen;
      return true;
    case TEXTOID:
    case VARCHAROID:
      *encoding = ValueEncoding::kRawText;
      return true;
    default:
      return false;
  }
}

/// The built-in function that makes a type's text, or InvalidOid.
Oid convertible_by(Oid type) {
  // Arrays of domains of arrays …: every step ends in a type that existed before it.
  check_stack_depth();
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
  if (!HeapTupleIsValid(tuple)) return InvalidOid;
  Form_pg_type form = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
  const Oid output = form->typoutput;
  const Oid element = form->typelem;
  const Oid base = form->typbasetype;
  const char kind = form->typtype;
  ReleaseSysCache(tuple);

  if (kind == TYPTYPE_DOMAIN) return convertible_by(base);
  if (kind != TYPTYPE_BASE && kind != TYPTYPE_ENUM) return InvalidOid;
  if (output >= FirstNormalObjectId) return InvalidOid;
  if (output == F_ARRAY_OUT && !OidIsValid(convertible_by(element))) return InvalidOid;
  return output;
}

}  // namespace

ValueEncoding encoding_of(Oid type, Oid* output_function) {
  ValueEncoding encoding;
  if (native_encoding(type, &encoding)) return encoding;
  *output_function = convertible_by(type);
  return OidIsValid(*output_function) ? ValueEncoding::kConverted : ValueEncoding::kOmitted;
}

}  // namespace daas
