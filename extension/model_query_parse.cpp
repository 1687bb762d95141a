// From text to an analyzed query. Constructs that the grammar shows are refused here, before
// analysis, since only the raw tree knows where they stand in the text.
#include <cstring>

#include "model_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "parser/analyze.h"
#include "parser/parser.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteHandler.h"
}

namespace daas {
namespace {

/// Errors inside guarded() jump out of the frame, as everywhere: nothing here needs a destructor.
[[noreturn]] void refuse(const char* text, const char* construct, int location, const char* hint) {
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("%s is not supported in a model's query", construct), errhint("%s", hint),
                  query_position(text, location)));
  pg_unreachable();
}

/// Whether one of the words of a literal stands for a time that moves.
bool mentions_now(const char* literal) {
  constexpr const char* kWords[] = {"now", "today", "tomorrow", "yesterday"};
  const char* const separators = " \t\r\n,";
  for (const char* word = literal + strspn(literal, separators); *word != '\0';) {
    const std::size_t length = strcspn(word, separators);
    for (const char* each : kWords) {
      if (strlen(each) == length && pg_strncasecmp(each, word, length) == 0) return true;
    }
    word += length;
    word += strspn(word, separators);
  }
  return false;
}

bool find_relative_times(Node* node, List** locations) {
  if (node == nullptr) return false;
  if (IsA(node, A_Const)) {
    A_Const* constant = castNode(A_Const, node);
    if (!constant->isnull && IsA(&constant->val, String) && mentions_now(strVal(&constant->val))) {
      *locations = lappend_int(*locations, constant->location);
    }
    return false;
  }
  return walk_raw(node, find_relative_times, locations);
}

/// What a model can't have anywhere in its query.
bool refuse_anywhere(Node* node, const char* text) {
  if (node == nullptr) return false;
  switch (nodeTag(node)) {
    case T_RangeVar:
      if (!castNode(RangeVar, node)->inh) {
        refuse(text, "ONLY", castNode(RangeVar, node)->location, "Name the table without ONLY.");
      }
      break;
    case T_RangeTableSample:
      refuse(text, "TABLESAMPLE", castNode(RangeTableSample, node)->location,
             "Choose rows by a condition in WHERE.");
    case T_GroupingSet:
      refuse(text, "GROUPING SETS, ROLLUP or CUBE", castNode(GroupingSet, node)->location,
             "Define one model for each grouping.");
    case T_WithClause:
      if (castNode(WithClause, node)->recursive) {
        refuse(text, "WITH RECURSIVE", castNode(WithClause, node)->location,
               "Which rows it reads can't be told from a changed row: store the result in a table.");
      }
      break;
    case T_LockingClause:
      refuse(text, "FOR UPDATE or FOR SHARE", -1, "A model only reads: remove it.");
    case T_InsertStmt:
    case T_UpdateStmt:
    case T_DeleteStmt:
    case T_MergeStmt:
      refuse(text, "a data-modifying statement", -1, "A model only reads: remove it.");
    default:
      break;
  }
  return walk_raw(node, refuse_anywhere, text);
}

/// What can't stand at the outermost level, where the documents are made.
void check_outermost(const char* text, const SelectStmt* select) {
  if (select->intoClause != nullptr) {
    refuse(text, "SELECT INTO", select->intoClause->rel->location, "Remove INTO.");
  }
  if (select->valuesLists != NIL) {
    refuse(text, "VALUES", -1, "Write the values into a table, and read that.");
  }
  if (select->op == SETOP_NONE && select->fromClause == NIL) {
    refuse(text, "SELECT without FROM", -1, "Documents are rows of tables.");
  }
  if (select->limitCount != nullptr || select->limitOffset != nullptr) {
    Node* limit = select->limitCount != nullptr ? select->limitCount : select->limitOffset;
    refuse(text, select->limitCount != nullptr ? "LIMIT" : "OFFSET", exprLocation(limit),
           "A model holds every row: readers ask for pages with limit= and offset=.");
  }
  // Plain DISTINCT is a list of one null; DISTINCT ON takes the first row by ORDER BY.
  const bool first_of_each =
      select->distinctClause != NIL && linitial(select->distinctClause) != nullptr;
  if (select->sortClause != NIL && !first_of_each) {
    refuse(text, "ORDER BY", exprLocation(castNode(SortBy, linitial(select->sortClause))->node),
           "A model has no order: readers ask for one with order=.");
  }
}

void name_columns(Query* query, List* names) {
  int position = 0;
  for (TargetEntry* entry : each<TargetEntry>(query->targetList)) {
    if (entry->resjunk || position >= list_length(names)) continue;
    entry->resname = pstrdup(strVal(list_nth(names, position++)));
  }
  // Deparsed, a set operation's names are those of its first part.
  Node* arm = query->setOperations;
  while (arm != nullptr && IsA(arm, SetOperationStmt)) arm = castNode(SetOperationStmt, arm)->larg;
  if (arm != nullptr) {
    name_columns(rt_fetch(castNode(RangeTblRef, arm)->rtindex, query->rtable)->subquery, names);
  }
}

/// A view whose columns were renamed has the old names in its query still, which would be deparsed.
bool name_view_columns(Node* node, const void*) {
  if (node == nullptr) return false;
  if (IsA(node, Query)) {
    return walk_query(castNode(Query, node), name_view_columns, static_cast<const void*>(nullptr),
                      QTW_EXAMINE_RTES_BEFORE);
  }
  if (IsA(node, RangeTblEntry)) {
    const RangeTblEntry* entry = castNode(RangeTblEntry, node);
    if (entry->rtekind == RTE_SUBQUERY) name_columns(entry->subquery, entry->eref->colnames);
    return false;
  }
  return walk_expression(node, name_view_columns, static_cast<const void*>(nullptr));
}

/// With the queries of views in their places, as when it is run.
Query* with_views_expanded(Query* query) {
  List* rewritten = QueryRewrite(copyObject(query));
  if (list_length(rewritten) != 1) elog(ERROR, "rules made several queries of a model's query");
  Query* expanded = linitial_node(Query, rewritten);
  name_view_columns(reinterpret_cast<Node*>(expanded), nullptr);
  return expanded;
}

}  // namespace

void parse_model_query(ModelQuery* model, List** relative_times) {
  const char* text = model->text;
  List* statements = raw_parser(text, RAW_PARSE_DEFAULT);
  if (statements == NIL) {
    ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR), errmsg("the model's query is empty"),
                    errhint("Give one SELECT statement.")));
  }
  if (list_length(statements) > 1) {
    // A statement's location counts from the semicolon before it.
    int location = lsecond_node(RawStmt, statements)->stmt_location;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("a model's query must be one statement"),
                    errhint("Give one SELECT statement."), query_position(text, location)));
  }
  RawStmt* raw = linitial_node(RawStmt, statements);
  if (!IsA(raw->stmt, SelectStmt)) {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("a model's query must be a SELECT"),
             errhint("A model only reads: give one SELECT statement.")));
  }
  check_outermost(text, castNode(SelectStmt, raw->stmt));
  refuse_anywhere(raw->stmt, text);
  find_relative_times(raw->stmt, relative_times);
  model->query = parse_analyze_fixedparams(raw, text, nullptr, 0, nullptr);
  // A column that USING merges would tie the text to one name in two tables, which may be renamed.
  without_merged_columns(reinterpret_cast<Node*>(model->query), nullptr);
  model->expanded = with_views_expanded(model->query);
}

}  // namespace daas
