// Walking PostgreSQL's query trees from C++. PostgreSQL 15 declares the walkers' callbacks in K&R
// style, `bool (*)()`, which in C++ says "takes no argument": the casts are hidden here.
#pragma once

extern "C" {
#include "postgres.h"

#include "nodes/nodeFuncs.h"
}

namespace daas {

template <typename Context>
using TreeWalker = bool (*)(Node*, Context*);

/// What the walkers pass through untouched, const or not.
inline void* opaque(const void* context) {
  return const_cast<void*>(context);
}

/// Through void*, or -Wcast-function-type rightly complains.
inline bool (*untyped(void* walker))() {
  return reinterpret_cast<bool (*)()>(walker);
}

template <typename Context>
bool walk_expression(Node* node, TreeWalker<Context> walker, Context* context) {
  return expression_tree_walker(node, untyped(reinterpret_cast<void*>(walker)), opaque(context));
}

template <typename Context>
bool walk_query(Query* query, TreeWalker<Context> walker, Context* context, int flags) {
  return query_tree_walker(query, untyped(reinterpret_cast<void*>(walker)), opaque(context), flags);
}

template <typename Context>
bool walk_raw(Node* node, TreeWalker<Context> walker, Context* context) {
  return raw_expression_tree_walker(node, untyped(reinterpret_cast<void*>(walker)),
                                    opaque(context));
}

}  // namespace daas
