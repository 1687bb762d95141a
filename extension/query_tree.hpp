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
using TreeMutator = Node* (*)(Node*, Context*);

template <typename Context>
Node* mutate_expression(Node* node, TreeMutator<Context> mutator, Context* context) {
  return expression_tree_mutator(
      node, reinterpret_cast<Node* (*)()>(reinterpret_cast<void*>(mutator)), opaque(context));
}

template <typename Context>
bool walk_raw(Node* node, TreeWalker<Context> walker, Context* context) {
  return raw_expression_tree_walker(node, untyped(reinterpret_cast<void*>(walker)),
                                    opaque(context));
}

/// for (Link* link : each<Link>(links)): the pointers of a List. Nodes don't move, so the list may
/// grow meanwhile; what is added is not seen.
template <typename Item>
struct each {
  struct Iterator {
    const List* list;
    int at;
    Item* operator*() const { return static_cast<Item*>(list_nth(list, at)); }
    Iterator& operator++() {
      ++at;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return at != other.at; }
  };
  explicit each(const List* list) : list(list), length(list_length(list)) {}
  Iterator begin() const { return {list, 0}; }
  Iterator end() const { return {list, length}; }
  const List* list;
  int length;
};

/// Columns of joins (USING, aliases of joins) become the columns that they are, in this level of the
/// query and where LATERAL items and sublinks name them.
void flatten_joins(Query* query);
/// The same in all levels, and joins without USING and aliases, which nothing names any longer.
bool without_merged_columns(Node* node, const void*);

/// What a cast that changes no bytes is of.
inline Node* without_relabel(Node* node) {
  while (IsA(node, RelabelType)) node = reinterpret_cast<Node*>(castNode(RelabelType, node)->arg);
  return node;
}

template <typename Struct>
Struct* make_zeroed() {
  return static_cast<Struct*>(palloc0(sizeof(Struct)));
}

}  // namespace daas
