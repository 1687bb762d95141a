// Runs a block in another memory context.
#pragma once

extern "C" {
#include "postgres.h"

#include "utils/memutils.h"
}

namespace daas {

/// Enters `context` and comes back at the end of the block. Below pg_call() or where no error is
/// possible the destructor does it; when PostgreSQL raises an error over it, the destructor does not
/// run, and need not: error handling sets its own context. That is why a class with a destructor is
/// harmless here, unlike any that owns something.
class MemoryScope {
 public:
  explicit MemoryScope(MemoryContext context) : before_(MemoryContextSwitchTo(context)) {}
  ~MemoryScope() { MemoryContextSwitchTo(before_); }
  MemoryScope(const MemoryScope&) = delete;
  MemoryScope& operator=(const MemoryScope&) = delete;

 private:
  MemoryContext before_;
};

}  // namespace daas
