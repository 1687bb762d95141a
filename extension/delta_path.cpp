// Dijkstra's shortest paths from every table and function in FROM to its anchor.
#include <limits>

#include "delta_query.hpp"
#include "query_tree.hpp"

namespace daas {
namespace {

struct Search {
  const DeltaTree* tree;
  LinkSet** links;
  KeyRoot** roots;
  Path* paths;
};

bool holds_link(const LinkSet* links, const void* origin) {
  for (Link* link : each<Link>(links->links)) {
    if (link->origin == origin) return true;
  }
  return false;
}

bool is_shared(const Link* link) {
  return bms_membership(link->references) == BMS_MULTIPLE;
}

/// A function's rows are found by its arguments, if those read a table; its own conditions alone
/// would leave them open.
bool needs_arguments(const Search& search, int number, const Link* link) {
  const Reference* reference = reference_at(search.tree, number);
  if (!reference->computed || link->condition == nullptr) return false;
  for (Link* other : each<Link>(search.links[number]->links)) {
    if (other->condition == nullptr && other->origin == reference->entry && is_shared(other)) {
      return true;
    }
  }
  return false;
}

/// The path that goes on from `number` by the link, if all that it leads to is nearer already, and
/// what those need holds for the rows of `number` too.
Path extended(const Search& search, int number, const Link* link) {
  Path path = {};
  if (!is_shared(link) || !bms_is_member(number, link->references)) return path;
  if (link->condition == nullptr && reference_at(search.tree, number)->base) return path;
  if (needs_arguments(search, number, link)) return path;
  path.distance = link->cost;
  path.references = bms_make_singleton(number);
  for (int next = -1; (next = bms_next_member(link->references, next)) >= 0;) {
    if (next == number) continue;
    const Path& onward = search.paths[next];
    if (!onward.found || search.roots[next]->anchor != search.roots[number]->anchor) return path;
    for (Link* needed : each<Link>(onward.links)) {
      if (!holds_link(search.links[number], needed->origin)) return path;
    }
    path.distance += onward.distance;
    path.references = bms_add_members(path.references, onward.references);
  }
  path.found = true;
  return path;
}

/// Every link among the path's references: each makes the delta query more exact.
List* links_within(const LinkSet* links, const Bitmapset* references) {
  List* within = NIL;
  for (Link* link : each<Link>(links->links)) {
    if (is_shared(link) && bms_is_subset(link->references, references)) within = lappend(within, link);
  }
  return within;
}

}  // namespace

Path* find_paths(const DeltaTree* tree, LinkSet** links, KeyRoot** roots) {
  const int count = reference_count(tree);
  Path* paths = static_cast<Path*>(palloc0(sizeof(Path) * count));
  const Search search{tree, links, roots, paths};
  for (int number = 1; number < count; ++number) {
    if (links[number] == nullptr || roots[number]->anchor != number) continue;
    paths[number].found = true;
    paths[number].references = bms_make_singleton(number);
  }
  for (;;) {
    int nearest = 0;
    Path best = {};
    best.distance = std::numeric_limits<int>::max();
    for (int number = 1; number < count; ++number) {
      if (links[number] == nullptr || paths[number].found) continue;
      for (Link* link : each<Link>(links[number]->links)) {
        const Path path = extended(search, number, link);
        if (!path.found || path.distance >= best.distance) continue;
        best = path;
        nearest = number;
      }
    }
    if (nearest == 0) return paths;
    best.links = links_within(links[nearest], best.references);
    paths[nearest] = best;
  }
}

}  // namespace daas
