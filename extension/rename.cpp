#include "rename.hpp"

#include <cctype>
#include <cstring>

#include "pinned_settings.hpp"
#include "query_tree.hpp"

extern "C" {
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

struct Renaming {
  const char* text;
  ColumnRename column;
  const char* table;  ///< present name, qualified
  List* edits;
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

/// Whether the reference is to the renamed column; then where its last name stands.
bool is_renamed(const Renaming& renaming, const ColumnRef* reference, int* start, int* end) {
  if (renaming.column.old_name == nullptr || reference->location < 0) return false;
  Node* last = static_cast<Node*>(llast(reference->fields));
  if (!IsA(last, String) || std::strcmp(strVal(last), renaming.column.old_name) != 0) return false;
  *start = reference->location;
  *end = identifier_end(renaming.text, *start);
  while (renaming.text[*end] == '.') {
    *start = *end + 1;
    *end = identifier_end(renaming.text, *start);
  }
  return *end > *start;
}

bool find_edits(Node* node, Renaming* renaming) {
  if (node == nullptr) return false;
  int start = 0;
  int end = 0;
  if (IsA(node, RangeVar)) {
    start = castNode(RangeVar, node)->location;
    end = identifier_end(renaming->text, start);
    while (renaming->text[end] == '.') end = identifier_end(renaming->text, end + 1);
    add_edit(renaming, start, end, renaming->table);
    return false;
  }
  if (IsA(node, ResTarget)) {
    ResTarget* target = castNode(ResTarget, node);
    if (target->name == nullptr && target->val != nullptr && IsA(target->val, ColumnRef) &&
        is_renamed(*renaming, castNode(ColumnRef, target->val), &start, &end)) {
      add_edit(renaming, start, end,
               psprintf("%s AS %s", quote_identifier(renaming->column.new_name),
                        quote_identifier(renaming->column.old_name)));
      return false;
    }
  }
  if (IsA(node, ColumnRef)) {
    if (is_renamed(*renaming, castNode(ColumnRef, node), &start, &end)) {
      add_edit(renaming, start, end, quote_identifier(renaming->column.new_name));
    }
    return false;
  }
  return walk_raw(node, find_edits, renaming);
}

int by_start(const ListCell* a, const ListCell* b) {
  return static_cast<const Edit*>(lfirst(a))->start - static_cast<const Edit*>(lfirst(b))->start;
}

}  // namespace

ColumnRename column_rename(const CollectedCommand* command) {
  if (command->type != SCT_Simple || command->parsetree == nullptr ||
      !IsA(command->parsetree, RenameStmt)) {
    return {nullptr, nullptr};
  }
  const RenameStmt* rename = castNode(RenameStmt, command->parsetree);
  if (rename->renameType != OBJECT_COLUMN) return {nullptr, nullptr};
  return {rename->subname, rename->newname};
}

const char* with_present_names(const char* text, Oid table, ColumnRename column) {
  const char* name = get_rel_name(table);
  if (name == nullptr) return text;
  Renaming renaming{text, column,
                    quote_qualified_identifier(get_namespace_name(get_rel_namespace(table)), name), NIL};
  List* statements = NIL;
  under_pinned_settings([&] { statements = raw_parser(text, RAW_PARSE_DEFAULT); });
  if (list_length(statements) != 1) return text;
  find_edits(linitial_node(RawStmt, statements)->stmt, &renaming);
  list_sort(renaming.edits, by_start);
  StringInfoData result;
  initStringInfo(&result);
  int at = 0;
  ListCell* cell;
  foreach (cell, renaming.edits) {
    const Edit* edit = static_cast<const Edit*>(lfirst(cell));
    if (edit->start < at) return text;
    appendBinaryStringInfo(&result, text + at, edit->start - at);
    appendStringInfoString(&result, edit->replacement);
    at = edit->end;
  }
  appendStringInfoString(&result, text + at);
  return result.data;
}

}  // namespace daas
