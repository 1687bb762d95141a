// Warns of what a query gathers in no order: the documents of two plans would differ.
#include <cstring>

#include "model_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "access/transam.h"
#include "parser/parsetree.h"
#include "utils/lsyscache.h"
}

namespace daas {
namespace {

constexpr const char* kOrdered[] = {"array_agg", "json_agg", "jsonb_agg", "string_agg", "xmlagg"};

struct OrderSearch {
  const char* text;
  const Query* level;
};

/// Of the rows that a level's aggregates gather. PostgreSQL keeps the order of a subquery that is all
/// there is.
bool has_sorted_input(const Query* level) {
  const List* from = level->jointree->fromlist;
  if (list_length(from) != 1 || !IsA(linitial(from), RangeTblRef)) return false;
  const RangeTblEntry* entry = rt_fetch(static_cast<RangeTblRef*>(linitial(from))->rtindex, level->rtable);
  return entry->rtekind == RTE_SUBQUERY && entry->subquery->sortClause != NIL;
}

bool gathers_in_order(const Aggref* aggregate) {
  if (aggregate->aggfnoid >= FirstNormalObjectId) return true;  // who knows
  if (aggregate->aggorder != NIL || aggregate->aggdistinct != NIL) return true;
  const char* name = get_func_name(aggregate->aggfnoid);
  for (const char* ordered : kOrdered) {
    if (name != nullptr && std::strcmp(name, ordered) == 0) return false;
  }
  return true;
}

bool warn(Node* node, OrderSearch* search) {
  if (node == nullptr) return false;
  if (IsA(node, Query)) {
    OrderSearch inner{search->text, castNode(Query, node)};
    return walk_query(castNode(Query, node), warn, &inner, 0);
  }
  if (IsA(node, Aggref)) {
    const Aggref* aggregate = castNode(Aggref, node);
    // Of an outer level's aggregates this level's input says nothing.
    const bool sorted = aggregate->agglevelsup == 0 && has_sorted_input(search->level);
    if (!sorted && !gathers_in_order(aggregate)) {
      const char* name = get_func_name(aggregate->aggfnoid);
      ereport(WARNING, (errmsg("%s gathers in no order", name),
                        errdetail("The elements of a document stand in the order that the plan gives "
                                  "them, which may be another when it is fetched again."),
                        errhint("Write %s(… ORDER BY …).", name),
                        query_position(search->text, aggregate->location)));
    }
  }
  return walk_expression(node, warn, search);
}

}  // namespace

void warn_of_unordered(const ModelQuery& model) {
  OrderSearch search{model.text, model.expanded};
  walk_query(model.expanded, warn, &search, 0);
}

}  // namespace daas
