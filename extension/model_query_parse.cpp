// From text to an analyzed query. Constructs that the grammar shows are refused here, before
// analysis, since only the raw tree knows where they stand in the text.
#include <cstring>

#include "model_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "parser/analyze.h"
#include "parser/parser.h"
}

namespace daas {
namespace {

constexpr const char* kOneTable = "A model reads the rows of one table.";

/// Errors inside guarded() jump out of the frame, as everywhere: nothing here needs a destructor.
[[noreturn]] void refuse(const char* text, const char* construct, int location, const char* hint) {
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("%s is not supported in a model's query", construct), errhint("%s", hint),
                  query_position(text, location)));
  pg_unreachable();
}

int list_location(List* list) {
  return list == NIL ? -1 : exprLocation(static_cast<Node*>(linitial(list)));
}

bool find_sublink(Node* node, int* location) {
  if (node == nullptr) return false;
  if (IsA(node, SubLink)) {
    *location = castNode(SubLink, node)->location;
    return true;
  }
  return walk_raw(node, find_sublink, location);
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

void check_from_item(const char* text, Node* item) {
  if (IsA(item, RangeVar)) {
    RangeVar* table = castNode(RangeVar, item);
    if (!table->inh) {
      refuse(text, "ONLY", table->location, "Name the table without ONLY.");
    }
    return;
  }
  if (IsA(item, JoinExpr)) {
    refuse(text, "JOIN", exprLocation(castNode(JoinExpr, item)->rarg), kOneTable);
  }
  if (IsA(item, RangeSubselect)) {
    refuse(text, "a subquery", exprLocation(castNode(RangeSubselect, item)->subquery), kOneTable);
  }
  if (IsA(item, RangeTableSample)) {
    refuse(text, "TABLESAMPLE", castNode(RangeTableSample, item)->location,
           "Choose rows by a condition in WHERE.");
  }
  refuse(text, "a function or XMLTABLE in FROM", -1, kOneTable);
}

void check_select(const char* text, SelectStmt* select) {
  if (select->withClause != nullptr) {
    refuse(text, "WITH", select->withClause->location, kOneTable);
  }
  if (select->op != SETOP_NONE) {
    const char* names[] = {"", "UNION", "INTERSECT", "EXCEPT"};
    refuse(text, names[select->op], -1, "Define one model for each part.");
  }
  if (select->valuesLists != NIL) refuse(text, "VALUES", -1, kOneTable);
  if (select->intoClause != nullptr) {
    refuse(text, "SELECT INTO", select->intoClause->rel->location, "Remove INTO.");
  }
  if (select->fromClause == NIL) {
    refuse(text, "SELECT without FROM", -1, kOneTable);
  }
  check_from_item(text, static_cast<Node*>(linitial(select->fromClause)));
  if (list_length(select->fromClause) > 1) {
    refuse(text, "a second table in FROM",
           exprLocation(static_cast<Node*>(lsecond(select->fromClause))), kOneTable);
  }
  if (select->distinctClause != NIL) {
    // Plain DISTINCT is a list of one null.
    Node* first = static_cast<Node*>(linitial(select->distinctClause));
    refuse(text, first == nullptr ? "DISTINCT" : "DISTINCT ON",
           first == nullptr ? -1 : exprLocation(first),
           "The key makes every row distinct: remove it.");
  }
  if (select->groupClause != NIL) {
    refuse(text, "GROUP BY", list_location(select->groupClause),
           "A document is one row of the table.");
  }
  if (select->havingClause != nullptr) {
    refuse(text, "HAVING", exprLocation(select->havingClause), "Put the condition into WHERE.");
  }
  if (select->windowClause != NIL) {
    refuse(text, "WINDOW", castNode(WindowDef, linitial(select->windowClause))->location,
           "A document depends on its own row only.");
  }
  if (select->sortClause != NIL) {
    refuse(text, "ORDER BY", exprLocation(castNode(SortBy, linitial(select->sortClause))->node),
           "A model has no order: readers ask for one with order=.");
  }
  if (select->limitCount != nullptr || select->limitOffset != nullptr) {
    Node* limit = select->limitCount != nullptr ? select->limitCount : select->limitOffset;
    refuse(text, select->limitCount != nullptr ? "LIMIT" : "OFFSET", exprLocation(limit),
           "A model holds every row: readers ask for pages with limit= and offset=.");
  }
  if (select->lockingClause != NIL) {
    refuse(text, "FOR UPDATE or FOR SHARE", -1, "A model only reads: remove it.");
  }
  int location = -1;
  if (find_sublink(reinterpret_cast<Node*>(select->targetList), &location) ||
      find_sublink(select->whereClause, &location)) {
    refuse(text, "a subquery", location, kOneTable);
  }
}

}  // namespace

Query* parse_model_query(const char* text, List** relative_times) {
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
  check_select(text, castNode(SelectStmt, raw->stmt));
  find_relative_times(raw->stmt, relative_times);
  return parse_analyze_fixedparams(raw, text, nullptr, 0, nullptr);
}

}  // namespace daas
