#include "rename.hpp"

#include <cctype>
#include <cstring>

#include "pinned_settings.hpp"
#include "query_tree.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "nodes/parsenodes.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace daas {
namespace {

/// A piece of the text that becomes another.
struct Edit {
  int start;
  int end;
  const char* replacement;
};

/// What a level's FROM calls by one name.
struct Source {
  const char* alias;
  bool renamed;  ///< the table whose column was renamed, its columns under their own names
};

struct Scope {
  const Scope* outer;
  List* sources;  ///< Source
};

struct Renaming {
  const char* text;
  Rename rename;
  List* edits;
  const Scope* scope;
  bool qualified;  ///< a column is called by its table's name
};

/// Where the identifier that begins at `at` ends, quoted or not.
int identifier_end(const char* text, int at) {
  if (text[at] != '"') {
    while (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_' || text[at] == '$' ||
           (text[at] & 0x80) != 0) {
      ++at;
    }
    return at;
  }
  for (++at; text[at] != '\0'; ++at) {
    if (text[at] != '"') continue;
    if (text[at + 1] != '"') return at + 1;
    ++at;
  }
  return at;
}

void add_edit(Renaming* renaming, int start, int end, const char* replacement) {
  Edit* edit = static_cast<Edit*>(palloc(sizeof(Edit)));
  *edit = {start, end, replacement};
  renaming->edits = lappend(renaming->edits, edit);
}

bool is_name(const char* name, const char* other) {
  return name != nullptr && other != nullptr && std::strcmp(name, other) == 0;
}

/// Whether the name, as the stored text has it, is (or was until now) that of the renamed object. A
/// name without schema is that of a WITH item.
bool denotes(const Rename& rename, const RangeVar* name) {
  if (name->schemaname == nullptr) return false;
  switch (rename.kind) {
    case RenameKind::kSchema:
      return is_name(name->schemaname, rename.old_name);
    case RenameKind::kRelation:
      return is_name(name->relname, rename.old_name) &&
             is_name(name->schemaname, get_namespace_name(get_rel_namespace(rename.relation)));
    case RenameKind::kMoved:
      return is_name(name->relname, get_rel_name(rename.relation)) &&
             !OidIsValid(RangeVarGetRelid(name, NoLock, true));
    case RenameKind::kColumn:
      return RangeVarGetRelid(name, NoLock, true) == rename.relation;
    case RenameKind::kNone:
      break;
  }
  return false;
}

// ---- scopes: which table a column is of

void add_source(Renaming* renaming, const Alias* alias, const char* name, bool renamed) {
  Scope* scope = const_cast<Scope*>(renaming->scope);
  Source* source = make_zeroed<Source>();
  source->alias = alias != nullptr ? alias->aliasname : name;
  source->renamed = renamed && (alias == nullptr || alias->colnames == NIL);
  scope->sources = lappend(scope->sources, source);
}

bool add_sources(Node* node, Renaming* renaming) {
  if (node == nullptr) return false;
  switch (nodeTag(node)) {
    case T_RangeVar: {
      const RangeVar* table = castNode(RangeVar, node);
      add_source(renaming, table->alias, table->relname,
                 renaming->rename.kind == RenameKind::kColumn && denotes(renaming->rename, table));
      return false;
    }
    case T_JoinExpr:
      add_sources(castNode(JoinExpr, node)->larg, renaming);
      add_sources(castNode(JoinExpr, node)->rarg, renaming);
      return false;
    case T_RangeSubselect:
      add_source(renaming, castNode(RangeSubselect, node)->alias, nullptr, false);
      return false;
    case T_RangeFunction:
      add_source(renaming, castNode(RangeFunction, node)->alias, nullptr, false);
      return false;
    default:
      return false;
  }
}

bool is_of_renamed(const Renaming& renaming, const ColumnRef* reference) {
  const Scope* scope = renaming.scope;
  if (list_length(reference->fields) == 1) {
    // Deparsed without a table's name only where there is no other.
    return scope != nullptr && list_length(scope->sources) == 1 &&
           static_cast<Source*>(linitial(scope->sources))->renamed;
  }
  const char* alias = strVal(linitial(reference->fields));
  for (; scope != nullptr; scope = scope->outer) {
    for (Source* source : each<Source>(scope->sources)) {
      if (is_name(source->alias, alias)) return source->renamed;
    }
  }
  return false;
}

/// Whether the reference is to the renamed column; then where its last name stands.
bool is_renamed(const Renaming& renaming, const ColumnRef* reference, int* start, int* end) {
  if (renaming.rename.kind != RenameKind::kColumn || reference->location < 0) return false;
  Node* last = static_cast<Node*>(llast(reference->fields));
  if (!IsA(last, String) || !is_name(strVal(last), renaming.rename.old_name) ||
      !is_of_renamed(renaming, reference)) {
    return false;
  }
  *start = reference->location;
  *end = identifier_end(renaming.text, *start);
  while (renaming.text[*end] == '.') {
    *start = *end + 1;
    *end = identifier_end(renaming.text, *start);
  }
  return *end > *start;
}

// ---- edits

void edit_table(Renaming* renaming, const RangeVar* table) {
  const Rename& rename = renaming->rename;
  if (rename.kind == RenameKind::kColumn || !denotes(rename, table)) return;
  const int start = table->location;
  int end = identifier_end(renaming->text, start);
  while (renaming->text[end] == '.') end = identifier_end(renaming->text, end + 1);
  const char* present =
      rename.kind == RenameKind::kSchema
          ? quote_qualified_identifier(rename.new_name, table->relname)
          : quote_qualified_identifier(get_namespace_name(get_rel_namespace(rename.relation)),
                                       get_rel_name(rename.relation));
  // Columns go on to be called by the old name.
  if (table->alias == nullptr && renaming->qualified && rename.kind == RenameKind::kRelation) {
    present = psprintf("%s AS %s", present, quote_identifier(table->relname));
  }
  add_edit(renaming, start, end, present);
}

bool find_edits(Node* node, Renaming* renaming);

bool find_edits_of_level(SelectStmt* select, Renaming* renaming) {
  const Scope* outer = renaming->scope;
  const Scope scope{outer, NIL};
  renaming->scope = &scope;
  for (Node* item : each<Node>(select->fromClause)) add_sources(item, renaming);
  walk_raw(reinterpret_cast<Node*>(select), find_edits, renaming);
  renaming->scope = outer;
  return false;
}

bool find_edits(Node* node, Renaming* renaming) {
  if (node == nullptr) return false;
  int start = 0;
  int end = 0;
  if (IsA(node, SelectStmt)) return find_edits_of_level(castNode(SelectStmt, node), renaming);
  if (IsA(node, RangeVar)) {
    edit_table(renaming, castNode(RangeVar, node));
    return false;
  }
  if (IsA(node, ResTarget)) {
    ResTarget* target = castNode(ResTarget, node);
    if (target->name == nullptr && target->val != nullptr && IsA(target->val, ColumnRef) &&
        is_renamed(*renaming, castNode(ColumnRef, target->val), &start, &end)) {
      add_edit(renaming, start, end,
               psprintf("%s AS %s", quote_identifier(renaming->rename.new_name),
                        quote_identifier(renaming->rename.old_name)));
      return false;
    }
  }
  if (IsA(node, ColumnRef)) {
    if (is_renamed(*renaming, castNode(ColumnRef, node), &start, &end)) {
      add_edit(renaming, start, end, quote_identifier(renaming->rename.new_name));
    }
    return false;
  }
  return walk_raw(node, find_edits, renaming);
}

bool has_qualified_column(Node* node, const void*) {
  if (node == nullptr) return false;
  if (IsA(node, ColumnRef)) return list_length(castNode(ColumnRef, node)->fields) > 1;
  return walk_raw(node, has_qualified_column, static_cast<const void*>(nullptr));
}

int by_start(const ListCell* a, const ListCell* b) {
  return static_cast<const Edit*>(lfirst(a))->start - static_cast<const Edit*>(lfirst(b))->start;
}

Rename rename_of(const RenameStmt* statement) {
  switch (statement->renameType) {
    case OBJECT_COLUMN:
      return {RenameKind::kColumn, InvalidOid, statement->subname, statement->newname};
    case OBJECT_TABLE:
    case OBJECT_VIEW:
      return {RenameKind::kRelation, InvalidOid, statement->relation->relname, statement->newname};
    case OBJECT_SCHEMA:
      return {RenameKind::kSchema, InvalidOid, statement->subname, statement->newname};
    default:
      return {};
  }
}

}  // namespace

Rename rename_of(const CollectedCommand* command) {
  if (command->type != SCT_Simple || command->parsetree == nullptr) return {};
  if (IsA(command->parsetree, AlterObjectSchemaStmt)) {
    return {RenameKind::kMoved, InvalidOid, nullptr, nullptr};
  }
  if (!IsA(command->parsetree, RenameStmt)) return {};
  return rename_of(castNode(RenameStmt, command->parsetree));
}

const char* with_present_names(const char* text, const Rename& rename) {
  if (rename.kind != RenameKind::kSchema && get_rel_name(rename.relation) == nullptr) return text;
  Renaming renaming{text, rename, NIL, nullptr, false};
  List* statements = NIL;
  under_pinned_settings([&] { statements = raw_parser(text, RAW_PARSE_DEFAULT); });
  if (list_length(statements) != 1) return text;
  Node* statement = linitial_node(RawStmt, statements)->stmt;
  renaming.qualified = has_qualified_column(statement, nullptr);
  find_edits(statement, &renaming);
  list_sort(renaming.edits, by_start);
  StringInfoData result;
  initStringInfo(&result);
  int at = 0;
  for (Edit* edit : each<Edit>(renaming.edits)) {
    if (edit->start < at) return text;
    appendBinaryStringInfo(&result, text + at, edit->start - at);
    appendStringInfoString(&result, edit->replacement);
    at = edit->end;
  }
  appendStringInfoString(&result, text + at);
  return result.data;
}

}  // namespace daas
