// Who does what: the public SQL functions are called by administrators, who have no rights on
// daas's tables; what they ask for is done by the extension's owner.
//
//   daas.create_model(name, …)                    public, C symbol run_as_owner, anyone's EXECUTE
//     -> daas._create_model(caller, path, name, …)  plpgsql, run as the public function's owner
//          -> daas._define_model(caller, path, …)     back to the caller's rights for the query
//
// So a query is parsed, planned and probed as the caller, and only metadata, grants and the
// publication are touched as the owner. None of the `_` functions is executable by anybody else:
// the caller's name can't be forged. Not thread-safe, like all of PostgreSQL.
#pragma once

extern "C" {
#include "postgres.h"

#include "fmgr.h"
}

namespace daas {

/// Runs daas._NAME(caller regrole, search_path text, arguments of the called function …) as the
/// owner of the called function, daas.NAME, and returns what it returns.
Datum run_as_owner_of(FunctionCallInfo fcinfo);

/// Acts as `role` with its search_path for the duration of body(); restricted as maintenance
/// commands are, so that the role's functions can't change session state. An error leaves the
/// return to the (sub)transaction's end, as in SECURITY DEFINER functions.
template <typename Body>
void run_as(Oid role, const char* search_path, Body&& body);

}  // namespace daas

extern "C" {
#include "miscadmin.h"
#include "utils/guc.h"
}

template <typename Body>
void daas::run_as(Oid role, const char* search_path, Body&& body) {
  Oid previous;
  int context;
  GetUserIdAndSecContext(&previous, &context);
  const int level = NewGUCNestLevel();
  SetUserIdAndSecContext(role,
                         context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
  set_config_option("search_path", search_path, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                    0, false);
  body();
  AtEOXact_GUC(true, level);
  SetUserIdAndSecContext(previous, context);
}
