// Runs a piece of code in another memory context.
#pragma once

#include <type_traits>

extern "C" {
#include "postgres.h"

#include "utils/memutils.h"
}

namespace daas {

/// Calls `body` with `context` as the current one and comes back.
///
/// A function and not a class with a destructor: PostgreSQL errors jump over this frame, which is
/// allowed only for frames without destructors. Nothing is lost by it, since error handling sets
/// the context itself.
template <typename Body>
auto in_memory(MemoryContext context, Body&& body) -> decltype(body()) {
  MemoryContext before = MemoryContextSwitchTo(context);
  if constexpr (std::is_void_v<decltype(body())>) {
    body();
    MemoryContextSwitchTo(before);
  } else {
    auto result = body();
    static_assert(std::is_trivially_destructible_v<decltype(result)>);
    MemoryContextSwitchTo(before);
    return result;
  }
}

}  // namespace daas
