#include "value_form.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
}

namespace daas {
namespace {

struct KnownForm {
  Oid oid;
  ValueForm form;
};

// Left to to_json(): types whose text depends on catalogs (regclass) or on a setting that is not
// pinned (money), those whose JSON is not their text (arrays, composites), and those that the
// output plugin doesn't send (ranges, types of extensions).
constexpr KnownForm kForms[] = {
    {BOOLOID, {"boolean", "order"}},
    {INT2OID, {"smallint", "order"}},
    {INT4OID, {"integer", "order"}},
    {INT8OID, {"bigint", "order"}},
    {FLOAT4OID, {"real", "order"}},
    {FLOAT8OID, {"double precision", "order"}},
    {NUMERICOID, {"numeric", "order"}},
    {TEXTOID, {"text", "order"}},
    {VARCHAROID, {"character varying", "order"}},
    {UUIDOID, {"uuid", "order"}},
    {DATEOID, {"date", "order"}},
    {TIMESTAMPOID, {"timestamp without time zone", "order"}},
    {TIMESTAMPTZOID, {"timestamp with time zone", "order"}},
    {BPCHAROID, {"character", "order"}},
    {NAMEOID, {"name", "order"}},
    {TIMEOID, {"time without time zone", "order"}},
    {INTERVALOID, {"interval", "order"}},
    {BYTEAOID, {"bytea", "order"}},
    {INETOID, {"inet", "order"}},
    {CIDROID, {"cidr", "order"}},
    {MACADDROID, {"macaddr", "order"}},
    {MACADDR8OID, {"macaddr8", "order"}},
    {BITOID, {"bit", "order"}},
    {VARBITOID, {"bit varying", "order"}},
    {OIDOID, {"oid", "order"}},
    {JSONBOID, {"jsonb", nullptr}},
    {JSONOID, {"json", nullptr}},
    {TIMETZOID, {"time with time zone", nullptr}},
    {XMLOID, {"xml", nullptr}},
    {TSVECTOROID, {"tsvector", nullptr}},
    {TSQUERYOID, {"tsquery", nullptr}},
    {POINTOID, {"point", nullptr}},
    {LSEGOID, {"lseg", nullptr}},
    {PATHOID, {"path", nullptr}},
    {BOXOID, {"box", nullptr}},
    {POLYGONOID, {"polygon", nullptr}},
    {LINEOID, {"line", nullptr}},
    {CIRCLEOID, {"circle", nullptr}},
    {PG_LSNOID, {"pg_lsn", nullptr}},
    {XID8OID, {"xid8", nullptr}},
};

}  // namespace

ValueForm value_form(Oid type) {
  const Oid base = getBaseType(type);
  for (const auto& known : kForms) {
    if (known.oid == base) return known.form;
  }
  // Labels are equal when values are; their order is the enum's own.
  if (get_typtype(base) == TYPTYPE_ENUM) return {"enum", "equality"};
  // Named by its elements, so that the daemon knows what they are; not of domains.
  Oid element = type == base ? get_element_type(type) : InvalidOid;
  if (OidIsValid(element) && get_array_type(element) != type) element = InvalidOid;  // int2vector
  for (const auto& known : kForms) {
    if (known.oid == element && known.form.twin != nullptr) return {nullptr, "elements"};
  }
  return {nullptr, nullptr};
}

}  // namespace daas
