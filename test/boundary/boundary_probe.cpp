// A module for tests: functions that fail in every way that pg_boundary.hpp has to stand between.
#include <stdexcept>
#include <string>

#include "pg_boundary.hpp"

extern "C" {
#include "fmgr.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;
}

namespace {

/// Counts the living, so that a destructor that was jumped over shows.
int living = 0;
struct Tracked {
  Tracked() : text(1000, 'x') { ++living; }
  ~Tracked() { --living; }
  std::string text;
};

void fail_as(const std::string& kind) {
  Tracked tracked;
  if (kind == "runtime_error") throw std::runtime_error("a runtime error");
  if (kind == "bad_alloc") throw std::bad_alloc();
  if (kind == "int") throw 42;
  if (kind == "sql_error") {
    throw daas::SqlError(ERRCODE_UNDEFINED_TABLE, "no such thing", "A detail.", "A hint.");
  }
  if (kind == "long_message") {
    std::string text = "é";
    while (text.size() < 5000) text += text;
    throw daas::SqlError(ERRCODE_UNDEFINED_TABLE, "x" + text);
  }
  if (kind == "ereport") {
    daas::pg_call([] {
      ereport(ERROR, (errcode(ERRCODE_DIVISION_BY_ZERO), errmsg("raised by PostgreSQL"),
                      errdetail("A detail."), errhint("A hint.")));
    });
  }
  if (kind == "rethrown") {
    try {
      fail_as("ereport");
    } catch (const daas::PostgresError&) {
      Tracked another;
      throw;
    }
  }
}

}  // namespace

DAAS_SQL_FUNCTION(boundary_fail) {
  fail_as(text_to_cstring(PG_GETARG_TEXT_PP(0)));
  PG_RETURN_NULL();
}

DAAS_SQL_FUNCTION(boundary_living) {
  PG_RETURN_INT32(living);
}
