#include "json_value.hpp"

#include "capture_encoding.hpp"
#include "core/change_event.hpp"

extern "C" {
#include "access/detoast.h"
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/uuid.h"
}

namespace daas {
namespace {

// ---- types

JsonKind native_kind(Oid type) {
  switch (type) {
    case BOOLOID:
      return JsonKind::kBool;
    case INT2OID:
      return JsonKind::kInt2;
    case INT4OID:
      return JsonKind::kInt4;
    case INT8OID:
      return JsonKind::kInt8;
    case FLOAT4OID:
      return JsonKind::kFloat4;
    case FLOAT8OID:
      return JsonKind::kFloat8;
    case NUMERICOID:
      return JsonKind::kNumeric;
    case DATEOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
      return JsonKind::kMoment;
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
      return JsonKind::kText;
    case BYTEAOID:
      return JsonKind::kBytea;
    case UUIDOID:
      return JsonKind::kUuid;
    case JSONOID:
      return JsonKind::kJson;
    case JSONBOID:
      return JsonKind::kJsonb;
    default:
      return JsonKind::kNone;
  }
}

/// Stored bytes up to which a type's text stays far from a gigabyte, where PostgreSQL raises an
/// error, and its output function far from the end of the stack.
Size longest_convertible(Oid type) {
  constexpr Size kLinear = 16 * 1024 * 1024;
  switch (type) {
    // At most some ten characters for a byte, without recursion.
    case XMLOID:
    case BITOID:
    case VARBITOID:
    case TSVECTOROID:
    case PATHOID:
    case POLYGONOID:
      return kLinear;
    default:
      // A number of 8 bytes may have 131,072 digits, and a multirange may hold many.
      return type_is_multirange(type) ? change_event::kConvertedBytes / 4
                                      : change_event::kConvertedBytes;
  }
}

/// Whether a type that came with an extension shows itself as the text that it stores: citext does.
bool is_text_by_another_name(Oid type, Oid output) {
  if (get_typlen(type) != -1) return false;
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(output));
  if (!HeapTupleIsValid(tuple)) return false;
  bool is_null;
  const Datum source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &is_null);
  const bool internal =
      reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->prolang == INTERNALlanguageId;
  const bool same = internal && !is_null && strcmp(TextDatumGetCString(source), "textout") == 0;
  ReleaseSysCache(tuple);
  return same;
}

/// The built-in function that makes a string of a type that is no array and no row, or InvalidOid.
Oid string_output(Oid type) {
  Oid output = InvalidOid;
  Oid subtype = InvalidOid;
  if (type_is_range(type)) subtype = get_range_subtype(type);
  if (type_is_multirange(type)) subtype = get_range_subtype(get_multirange_range(type));
  if (!OidIsValid(subtype)) {
    return encoding_of(type, &output) == ValueEncoding::kConverted ? output : InvalidOid;
  }
  // range_out() runs the bounds' output function.
  if (encoding_of(subtype, &output) == ValueEncoding::kOmitted) return InvalidOid;
  bool varlena;
  getTypeOutputInfo(type, &output, &varlena);
  return output < FirstNormalObjectId ? output : InvalidOid;
}

// ---- values

bool put_integer(JsonText& out, int64 number) {
  char digits[MAXINT8LEN + 1];
  return out.put(digits, pg_lltoa(number, digits));
}

/// Text of a number; NaN and the infinities are no JSON.
bool put_number(JsonText& out, const char* text) {
  const char* const digits = text[0] == '-' ? text + 1 : text;
  return digits[0] >= '0' && digits[0] <= '9' ? out.put(text) : out.put_string(text);
}

bool put_numeric(JsonText& out, Datum value) {
  return put_number(out, DatumGetCString(DirectFunctionCall1(numeric_out, value)));
}

template <typename Float>
bool put_float(JsonText& out, Float number) {
  if (number != number) return out.put_string("NaN");
  if (number - number != 0) return out.put_string(number > 0 ? "Infinity" : "-Infinity");
  char digits[DOUBLE_SHORTEST_DECIMAL_LEN];
  if constexpr (sizeof(Float) == 4) {
    return out.put(digits, float_to_shortest_decimal_bufn(number, digits));
  } else {
    return out.put(digits, double_to_shortest_decimal_bufn(number, digits));
  }
}

bool put_moment(JsonText& out, Oid type, Datum value) {
  char text[MAXDATELEN + 1];
  JsonEncodeDateTime(text, value, type, nullptr);
  return out.put_string(text);
}

bool put_text(JsonText& out, Datum value) {
  // Asked before it is unpacked: it may be a gigabyte.
  if (toast_raw_datum_size(value) > out.rest()) return false;
  const struct varlena* text = PG_DETOAST_DATUM_PACKED(value);
  return out.put_string(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
}

bool put_json(JsonText& out, Datum value) {
  if (toast_raw_datum_size(value) > out.rest()) return false;
  const struct varlena* text = PG_DETOAST_DATUM_PACKED(value);
  return out.put_json(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
}

bool put_bytea(JsonText& out, Datum value) {
  constexpr Size kPiece = 4096;
  if (toast_raw_datum_size(value) > out.rest() / 2) return false;
  const struct varlena* bytes = PG_DETOAST_DATUM_PACKED(value);
  Size left = VARSIZE_ANY_EXHDR(bytes);
  if (!out.put("\"\\\\x")) return false;
  for (const char* at = VARDATA_ANY(bytes); left > 0;) {
    char hex[2 * kPiece];
    const Size piece = Min(left, kPiece);
    if (!out.put(hex, hex_encode(at, piece, hex))) return false;
    at += piece;
    left -= piece;
  }
  return out.put("\"");
}

bool put_uuid(JsonText& out, Datum value) {
  constexpr char kDigits[] = "0123456789abcdef";
  const pg_uuid_t* const uuid = DatumGetUUIDP(value);
  char text[38];
  int length = 0;
  text[length++] = '"';
  for (int i = 0; i < UUID_LEN; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[length++] = '-';
    text[length++] = kDigits[uuid->data[i] >> 4];
    text[length++] = kDigits[uuid->data[i] & 0x0F];
  }
  text[length++] = '"';
  return out.put(text, length);
}

bool put_jsonb_scalar(JsonText& out, const JsonbValue& value) {
  switch (value.type) {
    case jbvNull:
      return out.put("null");
    case jbvBool:
      return out.put(value.val.boolean ? "true" : "false");
    case jbvString:
      return out.put_string(value.val.string.val, value.val.string.len);
    case jbvNumeric:
      return put_numeric(out, NumericGetDatum(value.val.numeric));
    default:
      return false;
  }
}

/// As jsonb_out() spells it, which would raise an error at a gigabyte: a few bytes of jsonb may be
/// a number of 131,072 digits.
bool put_jsonb(JsonText& out, Datum value) {
  if (toast_raw_datum_size(value) > change_event::kRecordBytes) return false;
  JsonbIterator* walk = JsonbIteratorInit(&DatumGetJsonbP(value)->root);
  JsonbValue item;
  bool first = true;    // no comma before what comes next
  bool scalar = false;  // a scalar is stored as an array that isn't shown
  JsonbIteratorToken token;
  while ((token = JsonbIteratorNext(&walk, &item, false)) != WJB_DONE) {
    const bool closes = token == WJB_END_ARRAY || token == WJB_END_OBJECT;
    if (!first && !closes && !out.put(", ")) return false;
    bool fits = true;
    switch (token) {
      case WJB_BEGIN_ARRAY:
        scalar = item.val.array.rawScalar;
        fits = scalar || out.put("[");
        break;
      case WJB_BEGIN_OBJECT:
        fits = out.put("{");
        break;
      case WJB_KEY:
        fits = put_jsonb_scalar(out, item) && out.put(": ");
        break;
      case WJB_END_ARRAY:
        fits = scalar || out.put("]");
        break;
      case WJB_END_OBJECT:
        fits = out.put("}");
        break;
      default:
        fits = put_jsonb_scalar(out, item);
    }
    if (!fits) return false;
    first = token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT || token == WJB_KEY;
  }
  return true;
}

/// Brackets where a run of elements starts or ends that is as long as a sub-array.
bool put_brackets(JsonText& out, const ArrayType* array, int position, const char* bracket) {
  int length = 1;
  for (int dimension = ARR_NDIM(array) - 1; dimension >= 0; --dimension) {
    length *= ARR_DIMS(array)[dimension];
    if (position % length != 0) return true;
    if (!out.put(bracket)) return false;
  }
  return true;
}

bool put_array(JsonText& out, const JsonType& element, Datum value) {
  if (toast_raw_datum_size(value) > change_event::kRecordBytes) return false;
  ArrayType* array = DatumGetArrayTypeP(value);
  if (ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array)) == 0) return out.put("[]");
  ArrayIterator walk = array_create_iterator(array, 0, nullptr);
  Datum item;
  bool is_null;
  int position = 0;
  while (array_iterate(walk, &item, &is_null)) {
    if (position > 0 && !out.put(",")) return false;
    if (!put_brackets(out, array, position, "[")) return false;
    if (!(is_null ? out.put("null") : put_json_value(out, element, item))) return false;
    if (!put_brackets(out, array, ++position, "]")) return false;
  }
  array_free_iterator(walk);
  return true;
}

bool put_attributes(JsonText& out, HeapTuple row, TupleDesc shape) {
  bool first = true;
  for (int i = 0; i < shape->natts; ++i) {
    Form_pg_attribute attribute = TupleDescAttr(shape, i);
    if (attribute->attisdropped) continue;
    if (!first && !out.put(",")) return false;
    first = false;
    if (!out.put_string(NameStr(attribute->attname)) || !out.put(":")) return false;
    bool is_null;
    const Datum value = heap_getattr(row, i + 1, shape, &is_null);
    // Described anew for each row: attributes may be added while a column has the type.
    const bool fits = is_null ? out.put("null")
                              : put_json_value(out, describe_json_type(attribute->atttypid), value);
    if (!fits) return false;
  }
  return true;
}

bool put_composite(JsonText& out, Datum value) {
  if (toast_raw_datum_size(value) > change_event::kRecordBytes) return false;
  HeapTupleHeader header = DatumGetHeapTupleHeader(value);
  HeapTupleData row = {};
  row.t_len = HeapTupleHeaderGetDatumLength(header);
  row.t_data = header;
  TupleDesc shape =
      lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
  const bool fits = out.put("{") && put_attributes(out, &row, shape) && out.put("}");
  ReleaseTupleDesc(shape);
  return fits;
}

bool put_converted(JsonText& out, const JsonType& type, Datum value) {
  if (type.longest > 0 && toast_raw_datum_size(value) > type.longest) return false;
  return out.put_string(OutputFunctionCall(&type.output, value));
}

}  // namespace

JsonType describe_json_type(Oid declared) {
  // Arrays of rows of arrays …: every step ends in a type that existed before it.
  check_stack_depth();
  JsonType described = {};
  described.type = getBaseType(declared);
  described.kind = native_kind(described.type);
  if (described.kind != JsonKind::kNone) return described;

  const Oid element = get_element_type(described.type);
  if (OidIsValid(element)) {
    auto* of = static_cast<JsonType*>(palloc(sizeof(JsonType)));
    *of = describe_json_type(element);
    described.element = of;
    if (of->kind != JsonKind::kNone) described.kind = JsonKind::kArray;
    return described;
  }
  if (get_typtype(described.type) == TYPTYPE_COMPOSITE) {
    described.kind = JsonKind::kComposite;
    return described;
  }
  Oid output = string_output(described.type);
  if (OidIsValid(output)) {
    described.kind = JsonKind::kConverted;
    if (get_typlen(described.type) == -1) described.longest = longest_convertible(described.type);
    fmgr_info_cxt(output, &described.output, CurrentMemoryContext);
    return described;
  }
  bool varlena;
  getTypeOutputInfo(described.type, &output, &varlena);
  if (is_text_by_another_name(described.type, output)) described.kind = JsonKind::kText;
  return described;
}

bool put_json_value(JsonText& out, const JsonType& type, Datum value) {
  switch (type.kind) {
    case JsonKind::kNone:
      return false;
    case JsonKind::kBool:
      return out.put(DatumGetBool(value) ? "true" : "false");
    case JsonKind::kInt2:
      return put_integer(out, DatumGetInt16(value));
    case JsonKind::kInt4:
      return put_integer(out, DatumGetInt32(value));
    case JsonKind::kInt8:
      return put_integer(out, DatumGetInt64(value));
    case JsonKind::kFloat4:
      return put_float(out, DatumGetFloat4(value));
    case JsonKind::kFloat8:
      return put_float(out, DatumGetFloat8(value));
    case JsonKind::kNumeric:
      return put_numeric(out, value);
    case JsonKind::kMoment:
      return put_moment(out, type.type, value);
    case JsonKind::kText:
      return put_text(out, value);
    case JsonKind::kBytea:
      return put_bytea(out, value);
    case JsonKind::kUuid:
      return put_uuid(out, value);
    case JsonKind::kJson:
      return put_json(out, value);
    case JsonKind::kJsonb:
      return put_jsonb(out, value);
    case JsonKind::kArray:
      return put_array(out, *type.element, value);
    case JsonKind::kComposite:
      return put_composite(out, value);
    case JsonKind::kConverted:
      return put_converted(out, type, value);
  }
  pg_unreachable();
}

}  // namespace daas
