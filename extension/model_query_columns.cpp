// Output columns: their names, types, and which of them copy a column of the table.
#include <cstring>

#include "model_query.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "utils/syscache.h"
}

namespace daas {
namespace {

/// A type of the session would be gone when the daemon asks for it.
void check_type(const ModelQuery& model, const OutputColumn& column) {
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(column.type));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "type %u is gone", column.type);
  const Oid schema = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typnamespace;
  ReleaseSysCache(tuple);
  if (!isAnyTempNamespace(schema)) return;
  ereport(ERROR,
          (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
           errmsg("output column \"%s\" is of a temporary type", column.name),
           errhint("Cast it to a permanent type."), query_position(model.text, column.location)));
}

void check_name(const ModelQuery& model, int index) {
  const OutputColumn& column = model.columns[index];
  if (column.name == nullptr || std::strcmp(column.name, "?column?") == 0) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_NAME),
             errmsg("output column %d of the model's query has no name", index + 1),
             errhint("Name it: expression AS name."), query_position(model.text, column.location)));
  }
  for (int i = 0; i < index; ++i) {
    if (std::strcmp(model.columns[i].name, column.name) == 0) {
      ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
                      errmsg("output column \"%s\" of the model's query occurs twice", column.name),
                      errhint("Rename one of them: expression AS name."),
                      query_position(model.text, column.location)));
    }
  }
}

}  // namespace

void find_output_columns(ModelQuery* model) {
  Query* query = model->query;
  model->columns = static_cast<OutputColumn*>(
      palloc0(sizeof(OutputColumn) * (list_length(query->targetList) + 1)));
  const bool plain = OidIsValid(model->table);
  model->projection = plain && query->jointree->quals == nullptr;
  ListCell* cell;
  foreach (cell, query->targetList) {
    TargetEntry* entry = lfirst_node(TargetEntry, cell);
    if (entry->resjunk) continue;
    Node* expression = reinterpret_cast<Node*>(entry->expr);
    OutputColumn* column = &model->columns[model->column_count];
    column->name = entry->resname;
    column->type = exprType(expression);
    column->form = value_form(column->type);
    column->location = exprLocation(expression);
    if (plain && IsA(expression, Var)) column->attribute = castNode(Var, expression)->varattno;
    model->projection &= column->attribute > 0 && column->form.type != nullptr;
    check_name(*model, model->column_count);
    check_type(*model, *column);
    ++model->column_count;
  }
  if (model->column_count == 0) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("the model's query has no output columns"),
                    errhint("Name the columns that make the document.")));
  }
}

}  // namespace daas
