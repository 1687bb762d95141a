// The text of a delta query: a FROM of the images and the path's tables is parsed, the conditions of
// the path and the key are grafted onto it, and the whole is deparsed.
#include <cstring>

#include "delta_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"
}

namespace daas {
namespace {

const char* qualified(Oid relation) {
  return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
                                    get_rel_name(relation));
}

/// Where the references of the path stand in the new query.
struct Graft {
  const DeltaTree* tree;
  int table;           ///< whose images are read
  int* positions;      ///< range table index by reference
  Bitmapset* columns;  ///< attributes of the images
};

// ---- what is needed of the images

struct ColumnSearch {
  int table;
  Bitmapset* columns;
};

bool find_columns(Node* node, ColumnSearch* search) {
  if (node == nullptr) return false;
  if (!IsA(node, Var)) return walk_expression(node, find_columns, search);
  const Var* var = castNode(Var, node);
  if (var->varno == search->table) {
    search->columns = bms_add_member(search->columns, var->varattno);
  }
  return false;
}

/// A path without a column would not know how many images there are; any column says it.
int any_column(const DeltaTree* tree, int table) {
  const Oid relation = reference_at(tree, table)->entry->relid;
  AttrNumber attribute = 1;
  while (get_attname(relation, attribute, true) == nullptr) ++attribute;
  return attribute;
}

Bitmapset* needed_columns(const DeltaTree* tree, int table, const Path& path, const KeyRoot* root) {
  ColumnSearch search{table, nullptr};
  find_columns(reinterpret_cast<Node*>(root->expressions), &search);
  for (Link* link : each<Link>(path.links)) {
    find_columns(reinterpret_cast<Node*>(link->condition), &search);
  }
  if (!bms_is_empty(search.columns)) return search.columns;
  return bms_make_singleton(any_column(tree, table));
}

// ---- FROM

/// The reference's alias, unless another one of the path has it already.
const char* alias_for(const Reference* reference, List** taken) {
  const char* alias = reference->entry->eref->aliasname;
  for (int number = 2;; ++number) {
    bool free = true;
    for (const char* other : each<const char>(*taken)) free = free && std::strcmp(other, alias) != 0;
    if (free) break;
    alias = psprintf("t%d", number);
  }
  *taken = lappend(*taken, const_cast<char*>(alias));
  return quote_identifier(alias);
}

/// Values come as text, which every type takes back, and as arrays, whose length the planner sees.
void append_images(StringInfo from, Oid relation, const Bitmapset* columns, const char* alias) {
  int count = 0;
  appendStringInfoString(from, "(SELECT ");
  for (int attribute = -1; (attribute = bms_next_member(columns, attribute)) >= 0;) {
    Oid type;
    Oid collation;
    int32 modifier;
    get_atttypetypmodcoll(relation, static_cast<AttrNumber>(attribute), &type, &modifier,
                          &collation);
    ++count;
    appendStringInfo(from, "%st.c%d::%s", count > 1 ? ", " : "", count, cast_type(type));
    if (OidIsValid(collation) && collation != get_typcollation(type)) {
      appendStringInfo(from, " COLLATE %s", generate_collation_name(collation));
    }
    appendStringInfo(from, " AS %s", quote_identifier(get_attname(
                                         relation, static_cast<AttrNumber>(attribute), false)));
  }
  appendStringInfoString(from, " FROM unnest(");
  for (int i = 1; i <= count; ++i) appendStringInfo(from, "%s$%d::text[]", i > 1 ? ", " : "", i);
  appendStringInfoString(from, ") AS t(");
  for (int i = 1; i <= count; ++i) appendStringInfo(from, "%sc%d", i > 1 ? ", " : "", i);
  appendStringInfo(from, ")) AS %s", alias);
}

Query* analyzed(const char* text, int parameters) {
  Oid* types = static_cast<Oid*>(palloc(sizeof(Oid) * parameters));
  for (int i = 0; i < parameters; ++i) types[i] = TEXTOID;
  List* statements = raw_parser(text, RAW_PARSE_DEFAULT);
  return parse_analyze_fixedparams(linitial_node(RawStmt, statements), text, types, parameters,
                                   nullptr);
}

/// SELECT FROM images, tables …; functions are added later, since their arguments are no text.
Query* start_query(Graft* graft, const Path& path) {
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfoString(&text, "SELECT 1 FROM ");
  List* taken = NIL;
  int position = 0;
  const Reference* changed = reference_at(graft->tree, graft->table);
  append_images(&text, changed->entry->relid, graft->columns, alias_for(changed, &taken));
  graft->positions[graft->table] = ++position;
  for (int number = -1; (number = bms_next_member(path.references, number)) >= 0;) {
    const Reference* reference = reference_at(graft->tree, number);
    if (number == graft->table || !reference->base) continue;
    const bool parted = reference->entry->relkind == RELKIND_PARTITIONED_TABLE;
    appendStringInfo(&text, ", %s%s AS %s", parted ? "" : "ONLY ",
                     qualified(reference->entry->relid), alias_for(reference, &taken));
    graft->positions[number] = ++position;
  }
  return analyzed(text.data, bms_num_members(graft->columns));
}

// ---- grafting

Node* transplant(Node* node, const Graft* graft) {
  if (node == nullptr) return nullptr;
  if (!IsA(node, Var)) return mutate_expression(node, transplant, graft);
  Var* var = castNode(Var, copyObject(node));
  const int reference = static_cast<int>(var->varno);
  if (reference == graft->table) {
    var->varattno = static_cast<AttrNumber>(bms_member_index(graft->columns, var->varattno) + 1);
  }
  var->varno = graft->positions[reference];
  var->varnosyn = 0;
  var->varattnosyn = 0;
  return reinterpret_cast<Node*>(var);
}

void add_function(const Graft& graft, Query* query, int number) {
  const Reference* reference = reference_at(graft.tree, number);
  GlobalExpression global =
      globalize(reinterpret_cast<Node*>(arguments_of(reference)), reference->level);
  LinkSet links = {};
  links.tree = graft.tree;
  links.table = graft.table;
  Node* arguments = global.expression;
  if (!global.usable ||
      resolve(&arguments, reference->level, reference->leaf, &links, false) != Resolved::kYes) {
    elog(ERROR, "the arguments of \"%s\" can't be resolved", reference->entry->eref->aliasname);
  }
  List* grafted = castNode(List, transplant(arguments, &graft));
  RangeTblEntry* entry = copyObject(reference->entry);
  entry->lateral = true;
  entry->functions = static_cast<List*>(linitial(grafted));
  entry->values_lists = static_cast<List*>(lsecond(grafted));
  entry->tablefunc = static_cast<TableFunc*>(lthird(grafted));
  query->rtable = lappend(query->rtable, entry);
  RangeTblRef* item = makeNode(RangeTblRef);
  item->rtindex = graft.positions[number];
  query->jointree->fromlist = lappend(query->jointree->fromlist, item);
}

void add_functions(Graft* graft, Query* query, const Path& path) {
  int position = list_length(query->rtable);
  List* functions = NIL;
  for (int number = -1; (number = bms_next_member(path.references, number)) >= 0;) {
    if (!reference_at(graft->tree, number)->computed) continue;
    graft->positions[number] = ++position;
    functions = lappend_int(functions, number);
  }
  ListCell* cell;
  foreach (cell, functions) add_function(*graft, query, lfirst_int(cell));
}

void add_conditions(const Graft& graft, Query* query, const Path& path) {
  List* conditions = NIL;
  for (Link* link : each<Link>(path.links)) {
    if (link->condition == nullptr) continue;
    conditions = lappend(conditions, transplant(reinterpret_cast<Node*>(link->condition), &graft));
  }
  if (conditions != NIL) {
    query->jointree->quals = reinterpret_cast<Node*>(make_ands_explicit(conditions));
  }
}

void put_key(const ModelQuery& model, const Graft& graft, Query* query, const KeyRoot* root) {
  query->targetList = NIL;
  for (int i = 0; i < model.key_count; ++i) {
    Node* expression = transplant(static_cast<Node*>(list_nth(root->expressions, i)), &graft);
    query->targetList =
        lappend(query->targetList,
                makeTargetEntry(reinterpret_cast<Expr*>(expression), static_cast<AttrNumber>(i + 1),
                                psprintf("k%d", i + 1), false));
  }
}

/// The keys as the daemon takes them back: each once, without NULLs, as the text that names them.
const char* distinct_keys(const ModelQuery& model, const char* query) {
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfoString(&text, "SELECT DISTINCT ");
  for (int i = 0; i < model.key_count; ++i) {
    const bool native = model.columns[model.key[i]].form.type != nullptr;
    appendStringInfo(&text, native ? "%sd.k%d" : "%spg_catalog.format('%%s', d.k%d)",
                     i > 0 ? ", " : "", i + 1);
  }
  appendStringInfo(&text, " FROM (%s) d WHERE ", query);
  for (int i = 1; i <= model.key_count; ++i) {
    appendStringInfo(&text, "%sd.k%d IS NOT NULL", i > 1 ? " AND " : "", i);
  }
  return text.data;
}

}  // namespace

const char* delta_text(const ModelQuery& model, const DeltaTree* tree, int reference,
                       const Path& path, const KeyRoot* root, List** columns) {
  Graft graft = {tree, reference, nullptr, needed_columns(tree, reference, path, root)};
  graft.positions = static_cast<int*>(palloc0(sizeof(int) * reference_count(tree)));
  Query* query = start_query(&graft, path);
  add_functions(&graft, query, path);
  add_conditions(graft, query, path);
  put_key(model, graft, query, root);
  for (int attribute = -1; (attribute = bms_next_member(graft.columns, attribute)) >= 0;) {
    *columns = lappend_int(*columns, attribute);
  }
  const char* text = pg_get_querydef(query, false);
  while (*text == ' ') ++text;
  return distinct_keys(model, text);
}

}  // namespace daas
