#include "owner_gate.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

namespace daas {

Datum run_as_owner_of(FunctionCallInfo fcinfo) {
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "function %u is gone", fcinfo->flinfo->fn_oid);
  Form_pg_proc form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));

  constexpr int kLeading = 2;  // caller, search_path
  Oid types[FUNC_MAX_ARGS + kLeading] = {REGROLEOID, TEXTOID};
  Datum values[FUNC_MAX_ARGS + kLeading] = {ObjectIdGetDatum(GetUserId()),
                                            CStringGetTextDatum(namespace_search_path)};
  char nulls[FUNC_MAX_ARGS + kLeading] = {' ', ' '};
  StringInfoData call;
  initStringInfo(&call);
  appendStringInfo(&call, "SELECT %s($1, $2",
                   quote_qualified_identifier(get_namespace_name(form->pronamespace),
                                              psprintf("_%s", NameStr(form->proname))));
  for (int i = 0; i < form->pronargs; ++i) {
    types[i + kLeading] = form->proargtypes.values[i];
    values[i + kLeading] = fcinfo->args[i].value;
    nulls[i + kLeading] = fcinfo->args[i].isnull ? 'n' : ' ';
    appendStringInfo(&call, ", $%d", i + kLeading + 1);
  }
  appendStringInfoChar(&call, ')');
  const int count = form->pronargs + kLeading;
  const Oid result_type = form->prorettype;
  const Oid owner = form->proowner;
  ReleaseSysCache(tuple);

  Oid caller;
  int context;
  GetUserIdAndSecContext(&caller, &context);
  SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE);
  MemoryContext results = CurrentMemoryContext;
  SPI_connect();
  if (SPI_execute_with_args(call.data, count, types, values, nulls, false, 1) != SPI_OK_SELECT ||
      SPI_processed != 1) {
    elog(ERROR, "%s did not answer", call.data);
  }
  bool isnull;
  Datum result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
  if (!isnull && result_type != VOIDOID) {
    int16 length;
    bool by_value;
    get_typlenbyval(result_type, &length, &by_value);
    MemoryContext spi = MemoryContextSwitchTo(results);
    result = datumCopy(result, by_value, length);
    MemoryContextSwitchTo(spi);
  }
  SPI_finish();
  SetUserIdAndSecContext(caller, context);
  fcinfo->isnull = isnull && result_type != VOIDOID;
  return isnull || result_type == VOIDOID ? static_cast<Datum>(0) : result;
}

}  // namespace daas
