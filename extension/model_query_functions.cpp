// Which functions a model may call: those whose result depends on the row alone, so that a document
// changes only when its row does. IMMUTABLE ones, and built-in STABLE ones (they depend on settings
// like TimeZone, which the daemon pins) except those that read the clock, the session or catalogs.
#include <cstring>
#include <initializer_list>

#include "model_query.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace daas {
namespace {

constexpr const char* kClock[] = {"now", "statement_timestamp", "transaction_timestamp",
                                  "mxid_age"};

constexpr const char* kSession[] = {
    "current_database", "current_schema",   "current_schemas",          "current_setting",
    "current_user",     "getpgusername",    "get_current_ts_config",    "inet_client_addr",
    "inet_client_port", "inet_server_addr", "inet_server_port",         "row_security_active",
    "session_user",     "txid_current",     "txid_current_if_assigned", "txid_current_snapshot",
    "version",
};

constexpr const char* kCatalog[] = {
    "aclexplode",      "aclitemin",     "aclitemout",        "col_description", "cursor_to_xml",
    "database_to_xml", "format_type",   "obj_description",   "oidvectortypes",  "query_to_xml",
    "regclass",        "schema_to_xml", "shobj_description", "table_to_xml",    "ts_debug",
    "ts_parse",        "ts_token_type",
};

constexpr const char* kCatalogPrefixes[] = {
    "pg_",           "has_",         "to_reg",    "regclass",  "regcollation", "regconfig",
    "regdictionary", "regnamespace", "regoper",   "regproc",   "regrole",      "regtype",
    "database_to_",  "schema_to_",   "table_to_", "query_to_", "cursor_to_",
};

template <std::size_t n>
bool contains(const char* const (&names)[n], const char* name) {
  for (const char* each : names) {
    if (std::strcmp(each, name) == 0) return true;
  }
  return false;
}

void add_function(List** functions, Oid function) {
  if (OidIsValid(function)) *functions = list_append_unique_oid(*functions, function);
}

}  // namespace

List* functions_behind(Oid function) {
  List* functions = NIL;
  HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) return NIL;
  Form_pg_aggregate aggregate = reinterpret_cast<Form_pg_aggregate>(GETSTRUCT(tuple));
  for (Oid part : {aggregate->aggtransfn, aggregate->aggfinalfn, aggregate->aggcombinefn,
                   aggregate->aggserialfn, aggregate->aggdeserialfn, aggregate->aggmtransfn,
                   aggregate->aggminvtransfn, aggregate->aggmfinalfn}) {
    // Those of built-in aggregates are none of a user's business.
    if (function >= FirstNormalObjectId) add_function(&functions, part);
  }
  ReleaseSysCache(tuple);
  return functions;
}

const char* function_refusal(Oid function) {
  const char* name = get_func_name(function);
  if (name == nullptr) return "doesn't exist";
  if (isTempNamespace(get_func_namespace(function))) return "is temporary";
  const char volatility = func_volatile(function);
  if (volatility == PROVOLATILE_VOLATILE) return "is VOLATILE";
  if (volatility == PROVOLATILE_IMMUTABLE) return nullptr;
  if (function >= FirstNormalObjectId) {
    return "is STABLE and not built in, so it may read tables or settings";
  }
  // age(timestamp, timestamp) needs no clock, the one-argument forms do.
  if (std::strcmp(name, "age") == 0 && get_func_nargs(function) == 1) return "reads the clock";
  if (contains(kClock, name)) return "reads the clock";
  if (contains(kSession, name)) return "reads the session's state";
  if (contains(kCatalog, name)) return "reads catalogs";
  for (const char* prefix : kCatalogPrefixes) {
    if (std::strncmp(name, prefix, std::strlen(prefix)) == 0) return "reads catalogs or state";
  }
  return nullptr;
}

}  // namespace daas
