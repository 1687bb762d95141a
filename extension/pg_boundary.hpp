// The boundary between C++ exceptions and PostgreSQL's errors, which leave by siglongjmp.
// Neither crosses into the other's world:
//
//   guarded()    outward: around everything that PostgreSQL calls. Exceptions become errors.
//   pg_call()    inward: around one call of PostgreSQL, where a C++ object with a destructor is
//                alive. Errors become a PostgresError, which guarded() raises again unchanged.
//
// Frames that call PostgreSQL without pg_call() hold trivially destructible objects only: an error
// jumps over them, and destructors would not run.
// Threading: a backend has one thread; nothing here is thread-safe.
#pragma once

#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

extern "C" {
#include "postgres.h"

#include "fmgr.h"
#include "utils/memutils.h"
}

namespace daas {

/// An error for the SQL user, thrown by C++ code below a guarded().
class SqlError : public std::exception {
 public:
  SqlError(int sqlstate, std::string message, std::string detail = {}, std::string hint = {})
      : sqlstate_(sqlstate),
        message_(std::move(message)),
        detail_(std::move(detail)),
        hint_(std::move(hint)) {}

  const char* what() const noexcept override { return message_.c_str(); }
  int sqlstate() const { return sqlstate_; }
  const std::string& detail() const { return detail_; }
  const std::string& hint() const { return hint_; }

 private:
  int sqlstate_;
  std::string message_;
  std::string detail_;
  std::string hint_;
};

/// A PostgreSQL error on its way through C++ frames. Never swallow it: the transaction is broken
/// until PostgreSQL has handled the error itself. The data lives in PostgreSQL's memory contexts.
class PostgresError : public std::exception {
 public:
  explicit PostgresError(ErrorData* data) : data_(data) {}
  const char* what() const noexcept override { return data_->message ? data_->message : ""; }
  ErrorData* data() const { return data_; }

 private:
  ErrorData* data_;
};

namespace boundary {

/// What survives a catch block: plain memory, since ereport() out of the block would leave the
/// exception object behind and the runtime's stack of caught exceptions broken.
struct CaughtError {
  ErrorData* postgres;
  int sqlstate;
  char message[1024];
  char detail[1024];
  char hint[1024];
};

inline void describe(CaughtError& caught, int sqlstate, const char* message, const char* detail,
                     const char* hint) {
  caught.postgres = nullptr;
  caught.sqlstate = sqlstate;
  strlcpy(caught.message, message, sizeof caught.message);
  strlcpy(caught.detail, detail, sizeof caught.detail);
  strlcpy(caught.hint, hint, sizeof caught.hint);
  // A cut inside a character would be an encoding error for the client.
  for (char* text : {caught.message, caught.detail, caught.hint}) {
    std::size_t length = std::strlen(text);
    if (length < sizeof caught.message - 1) continue;
    while (length > 0 && (static_cast<unsigned char>(text[length - 1]) & 0xC0) == 0x80) --length;
    if (length > 0 && (static_cast<unsigned char>(text[length - 1]) & 0x80) != 0) --length;
    text[length] = '\0';
  }
}

[[noreturn]] inline void raise(const char* where, const CaughtError& caught) {
  if (caught.postgres != nullptr) ReThrowError(caught.postgres);
  if (caught.sqlstate != 0) {
    ereport(ERROR, (errcode(caught.sqlstate), errmsg("%s", caught.message),
                    caught.detail[0] != '\0' ? errdetail("%s", caught.detail) : 0,
                    caught.hint[0] != '\0' ? errhint("%s", caught.hint) : 0));
  }
  ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("daas: %s in %s", caught.message, where),
                  errdetail("This is a defect of daas.")));
  pg_unreachable();
}

}  // namespace boundary

/// Runs `body` for PostgreSQL: whatever it throws leaves as an error with its own SQLSTATE.
/// @param where name of the function or callback, for errors nobody foresaw
template <typename Body>
auto guarded(const char* where, Body&& body) -> decltype(body()) {
  boundary::CaughtError caught;
  try {
    return body();
  } catch (const PostgresError& error) {
    caught.postgres = error.data();
  } catch (const SqlError& error) {
    boundary::describe(caught, error.sqlstate(), error.what(), error.detail().c_str(),
                       error.hint().c_str());
  } catch (const std::bad_alloc&) {
    boundary::describe(caught, ERRCODE_OUT_OF_MEMORY, "out of memory", "", "");
  } catch (const std::exception& error) {
    boundary::describe(caught, 0, error.what(), "", "");
  } catch (...) {
    boundary::describe(caught, 0, "unknown exception", "", "");
  }
  boundary::raise(where, caught);
}

/// Calls PostgreSQL while C++ objects with destructors are alive. `call` itself holds none.
/// Throws PostgresError, with the memory context as it was.
template <typename Call>
void pg_call(Call&& call) {
  MemoryContext context = CurrentMemoryContext;
  ErrorData* volatile failure = nullptr;
  PG_TRY();
  { call(); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    failure = CopyErrorData();
    FlushErrorState();
  }
  PG_END_TRY();
  if (failure != nullptr) throw PostgresError(failure);
}

}  // namespace daas

/// Defines a function callable from SQL, guarded: DAAS_SQL_FUNCTION(login) { ... PG_RETURN_...; }
#define DAAS_SQL_FUNCTION(name)                                            \
  static Datum name##_body([[maybe_unused]] PG_FUNCTION_ARGS);             \
  extern "C" {                                                             \
  PG_FUNCTION_INFO_V1(name);                                               \
  PGDLLEXPORT Datum name(PG_FUNCTION_ARGS) {                               \
    return daas::guarded(#name, [fcinfo] { return name##_body(fcinfo); }); \
  }                                                                        \
  }                                                                        \
  static Datum name##_body([[maybe_unused]] PG_FUNCTION_ARGS)
