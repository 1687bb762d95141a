// The key and the deltas of a model that reads more than the rows of one table.
#include "capture_encoding.hpp"
#include "delta_query.hpp"
#include "pinned_settings.hpp"
#include "query_tree.hpp"

extern "C" {
#include "nodes/nodeFuncs.h"
#include "parser/parsetree.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace daas {
namespace {

void find_default_key(ModelQuery* model, const DeltaTree* tree) {
  List* positions = default_key(tree);
  if (positions == NIL) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                    errmsg("the model's query has no key of its own"),
                    errdetail("A key is the primary key of the one table whose rows the documents "
                              "are, or all that the query groups by; it must be in the output."),
                    errhint("Name output columns that identify a document with key => ….")));
  }
  model->key = static_cast<int*>(palloc(sizeof(int) * list_length(positions)));
  ListCell* cell;
  foreach (cell, positions) model->key[model->key_count++] = lfirst_int(cell) - 1;
}

/// Whether the values of an image are the key as they are; a NULL would be none.
bool is_own_key(const ModelQuery& model, const DeltaTree* tree, const KeyRoot* root) {
  for (int i = 0; i < model.key_count; ++i) {
    Node* expression = static_cast<Node*>(list_nth(root->expressions, i));
    if (!IsA(expression, Var)) return false;
    const Var* var = castNode(Var, expression);
    if (!is_declared_not_null(tree, var)) return false;
    if (getBaseType(var->vartype) != getBaseType(model.columns[model.key[i]].type)) return false;
  }
  return true;
}

// ---- columns that images don't have

struct UnsentSearch {
  const DeltaTree* tree;
  int table;
};

/// Values of types with an output function that isn't built in are not in the change stream.
bool reads_unsent(Node* node, const UnsentSearch* search) {
  if (node == nullptr) return false;
  if (!IsA(node, Var)) return walk_expression(node, reads_unsent, search);
  const Var* var = castNode(Var, node);
  if (var->varno != search->table) return false;
  Oid output;
  return encoding_of(get_atttype(reference_at(search->tree, search->table)->entry->relid,
                                 var->varattno),
                     &output) == ValueEncoding::kOmitted;
}

/// Leaves out the links that images can't be put into, which makes delta queries less exact only.
void drop_unsent(LinkSet* links) {
  const UnsentSearch search{links->tree, links->table};
  List* sent = NIL;
  for (Link* link : each<Link>(links->links)) {
    if (!reads_unsent(reinterpret_cast<Node*>(link->condition), &search)) sent = lappend(sent, link);
  }
  links->unsent = list_length(sent) < list_length(links->links);
  links->links = sent;
}

void warn_of_refresh(const Delta& delta, bool unsent) {
  ereport(WARNING,
          (errmsg("any change of %s (\"%s\") loads the model anew",
                  quote_qualified_identifier(get_namespace_name(get_rel_namespace(delta.table)),
                                             get_rel_name(delta.table)),
                  delta.reference),
           unsent ? errdetail("The conditions that lead from its rows to the key's read columns whose "
                              "types the change stream does not carry.")
                  : errdetail("No condition of the query leads from its rows to the key's."),
           errhint("Join it by equalities, inner joins or conditions that NULLs don't pass; a "
                   "subquery by conditions on the outer row. Or do without it.")));
}

Delta* make_delta(const ModelQuery& model, const DeltaTree* tree, int number, const Path& path,
                  const KeyRoot* root, const LinkSet* links) {
  const Reference* reference = reference_at(tree, number);
  Delta* delta = make_zeroed<Delta>();
  delta->table = reference->entry->relid;
  delta->reference = reference_name(reference);
  const UnsentSearch search{tree, number};
  const bool unsent = reads_unsent(reinterpret_cast<Node*>(root->expressions), &search);
  if (!path.found || unsent) {
    delta->mode = DeltaMode::kRefresh;
    warn_of_refresh(*delta, unsent || links->unsent);
  } else if (root->anchor == number && is_own_key(model, tree, root)) {
    delta->mode = DeltaMode::kKey;
    for (Node* column : each<Node>(root->expressions)) {
      delta->columns = lappend_int(delta->columns, castNode(Var, column)->varattno);
    }
  } else {
    delta->mode = DeltaMode::kQuery;
    delta->query = delta_text(model, tree, number, path, root, &delta->columns);
    for (int next = -1; (next = bms_next_member(path.references, next)) >= 0;) {
      if (next == number) continue;
      delta->over = lappend(delta->over, const_cast<char*>(reference_name(reference_at(tree, next))));
    }
  }
  return delta;
}

// ---- advice

void add_note(ModelQuery* model, int delta, const char* text) {
  Note* note = make_zeroed<Note>();
  note->delta = delta;
  note->text = text;
  model->notes = lappend(model->notes, note);
}

void add_missing(ModelQuery* model, int delta, MissingIndex* missing) {
  if (missing == nullptr) return;
  missing->delta = delta;
  for (MissingIndex* known : each<MissingIndex>(model->missing_indexes)) {
    if (known->delta == delta && known->table == missing->table &&
        equal(known->columns, missing->columns)) {
      return;
    }
  }
  model->missing_indexes = lappend(model->missing_indexes, missing);
}

/// Whether it stands in a subquery of FROM that is computed whole, for whatever keys.
bool is_in_closed_subquery(const Reference* reference) {
  for (const Level* level = reference->level; level != nullptr; level = level->parent) {
    if (level->kind == LevelKind::kFromSubquery && is_closed(level->query) &&
        !rt_fetch(level->stands_as - level->parent->offset, level->parent->query->rtable)->lateral) {
      return true;
    }
  }
  return false;
}

void advise(ModelQuery* model, const DeltaTree* tree, int number, const Path& path) {
  if (!path.found) return;
  const int delta = list_length(model->deltas);
  const PathIndexes indexes = find_missing_indexes(tree, number, path);
  for (MissingIndex* missing : each<MissingIndex>(indexes.missing)) add_missing(model, delta, missing);
  if (indexes.scans) add_note(model, delta, "a table on its path has no equality to be found by: it is scanned");
  if (is_in_closed_subquery(reference_at(tree, number))) {
    add_note(model, 0,
             psprintf("%s is in a grouped subquery of FROM, which each fetch computes whole: a LATERAL "
                      "subquery, or one in the output, is computed for the fetched keys only",
                      reference_name(reference_at(tree, number))));
    return;
  }
  add_missing(model, 0, indexes.back);
  if (indexes.scans_back) {
    add_note(model, 0, psprintf("%s has no equality to be found by: each fetch scans it",
                                reference_name(reference_at(tree, number))));
  }
}

void note_shared_ctes(ModelQuery* model) {
  for (CommonTableExpr* item : each<CommonTableExpr>(model->expanded->cteList)) {
    if (item->cterefcount < 2 || item->ctematerialized == CTEMaterializeNever) continue;
    add_note(model, 0, psprintf("WITH %s is named %d times, so each fetch computes it whole: write AS "
                                "NOT MATERIALIZED", quote_identifier(item->ctename), item->cterefcount));
  }
}

void check_unique(ModelQuery* model, const DeltaTree* tree) {
  List* positions = NIL;
  for (int i = 0; i < model->key_count; ++i) positions = lappend_int(positions, model->key[i] + 1);
  if (is_unique_key(tree, positions)) return;
  add_note(model, 0, "nothing shows that the key is unique: two rows of one key stop the model");
  ereport(WARNING, (errmsg("the key (%s) may not be unique", key_names(*model)),
                    errdetail("No unique index, GROUP BY or DISTINCT shows that it names one row of "
                              "the query. If it ever names two, the model stops.")));
}

void derive(ModelQuery* model, const DeltaTree* tree) {
  const int count = reference_count(tree);
  LinkSet** links = static_cast<LinkSet**>(palloc0(sizeof(LinkSet*) * count));
  KeyRoot** roots = static_cast<KeyRoot**>(palloc0(sizeof(KeyRoot*) * count));
  for (int number = 1; number < count; ++number) {
    const Reference* reference = reference_at(tree, number);
    if (reference->leaf == nullptr || !(reference->base || reference->computed)) continue;
    links[number] = find_links(tree, number);
    if (reference->base) drop_unsent(links[number]);
    roots[number] = find_key_root(*model, tree, number);
    check_root(*model, tree, roots[number]);
  }
  const Path* paths = find_paths(tree, links, roots);
  for (int number = 1; number < count; ++number) {
    if (!reference_at(tree, number)->base) continue;
    model->deltas = lappend(model->deltas,
                            make_delta(*model, tree, number, paths[number], roots[number],
                                       links[number]));
    if (roots[number]->anchor == number) {
      add_missing(model, 0, missing_key_index(tree, roots[number]));
    }
    advise(model, tree, number, paths[number]);
  }
  note_shared_ctes(model);
}

}  // namespace

void find_deltas(ModelQuery* model, ArrayType* names) {
  const DeltaTree* tree = build_delta_tree(copyObject(model->expanded));
  if (names == nullptr) {
    find_default_key(model, tree);
  } else {
    find_named_key(model, names);
  }
  // What is grafted is deparsed: nothing of the caller's search_path may be left in it.
  under_pinned_settings([&] { derive(model, tree); });
  check_unique(model, tree);
}

}  // namespace daas
