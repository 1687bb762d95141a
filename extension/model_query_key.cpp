// The key of a model: which document a row is.
#include <cstring>

#include "model_query.hpp"
#include "query_tree.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace daas {
namespace {

const char* qualified_name(Relation relation) {
  return quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
                                    RelationGetRelationName(relation));
}

const char* attribute_name(Relation table, AttrNumber attribute) {
  return NameStr(TupleDescAttr(RelationGetDescr(table), attribute - 1)->attname);
}

bool in_key(const ModelQuery& model, AttrNumber attribute) {
  for (int i = 0; i < model.key_count; ++i) {
    if (model.columns[model.key[i]].attribute == attribute) return true;
  }
  return false;
}

/// Whether every column of the index is in the key, so that the key is unique when the index is.
bool within_key(const ModelQuery& model, Relation index) {
  for (int i = 0; i < index->rd_index->indnkeyatts; ++i) {
    if (!in_key(model, index->rd_index->indkey.values[i])) return false;
  }
  return true;
}

int output_of_attribute(const ModelQuery& model, AttrNumber attribute) {
  for (int i = 0; i < model.column_count; ++i) {
    if (model.columns[i].attribute == attribute) return i;
  }
  return -1;
}

void find_primary_key(ModelQuery* model, Relation table) {
  List* indexes = RelationGetIndexList(table);
  ListCell* cell;
  foreach (cell, indexes) {
    Relation index = index_open(lfirst_oid(cell), AccessShareLock);
    Form_pg_index form = index->rd_index;
    if (form->indisprimary) {
      model->key = static_cast<int*>(palloc(sizeof(int) * form->indnkeyatts));
      for (int i = 0; i < form->indnkeyatts; ++i) {
        const AttrNumber attribute = form->indkey.values[i];
        const int output = output_of_attribute(*model, attribute);
        if (output < 0) {
          ereport(ERROR, (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
                          errmsg("primary key column \"%s\" of %s is not among the output columns",
                                 attribute_name(table, attribute), qualified_name(table)),
                          errhint("Add it to the query, or name other columns with key => ….")));
        }
        model->key[model->key_count++] = output;
      }
    }
    index_close(index, AccessShareLock);
  }
  if (model->key_count == 0) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
                    errmsg("table %s has no primary key", qualified_name(table)),
                    errhint("Add one, or name unique columns with key => ….")));
  }
}

void check_key_columns(const ModelQuery& model, Relation table) {
  for (int i = 0; i < model.key_count; ++i) {
    const OutputColumn& column = model.columns[model.key[i]];
    if (column.attribute <= 0) {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("key column \"%s\" is an expression", column.name),
                      errhint("Name output columns that are plain columns of the table."),
                      query_position(model.text, column.location)));
    }
    Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(table), column.attribute - 1);
    if (attribute->attgenerated != '\0') {
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("key column \"%s\" is a generated column", column.name),
                      errhint("Name the columns that it is made of.")));
    }
    check_key_type(model, column, attribute->atttypmod, attribute->attcollation);
    if (!attribute->attnotnull) {
      ereport(ERROR,
              (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
               errmsg("key column \"%s\" may be null", column.name),
               errhint("Run ALTER TABLE %s ALTER COLUMN %s SET NOT NULL.", qualified_name(table),
                       quote_identifier(NameStr(attribute->attname)))));
    }
  }
  const bool unique = any_index(table, [&model](Relation index) {
    return proves_unique(index) && within_key(model, index);
  });
  if (!unique) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
             errmsg("key (%s) is not unique in %s", key_names(model), qualified_name(table)),
             errdetail("It needs a unique index on these columns (or some of them) that is valid, "
                       "not deferrable, not partial and has no expressions."),
             errhint("Add a unique constraint, or name other columns with key => ….")));
  }
}

}  // namespace

const char* key_names(const ModelQuery& model) {
  StringInfoData names;
  initStringInfo(&names);
  for (int i = 0; i < model.key_count; ++i) {
    appendStringInfo(&names, "%s%s", i > 0 ? ", " : "",
                     quote_identifier(model.columns[model.key[i]].name));
  }
  return names.data;
}

bool proves_unique(Relation index) {
  Form_pg_index form = index->rd_index;
  return form->indisunique && form->indisvalid && form->indimmediate && form->indislive &&
         heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, nullptr) &&
         heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, nullptr);
}

void find_named_key(ModelQuery* model, ArrayType* names) {
  if (ARR_NDIM(names) != 1 || array_contains_nulls(names)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("key must be a list of one or more column names"),
                    errhint("For example key => '{id}'.")));
  }
  Datum* values;
  int count;
  deconstruct_array(names, TEXTOID, -1, false, TYPALIGN_INT, &values, nullptr, &count);
  model->key = static_cast<int*>(palloc(sizeof(int) * count));
  for (int i = 0; i < count; ++i) {
    const char* name = TextDatumGetCString(values[i]);
    int output = -1;
    for (int j = 0; j < model->column_count; ++j) {
      if (std::strcmp(model->columns[j].name, name) == 0) output = j;
    }
    if (output < 0) {
      ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                      errmsg("key column \"%s\" is not an output column of the query", name)));
    }
    for (int j = 0; j < model->key_count; ++j) {
      const AttrNumber attribute = model->columns[output].attribute;
      if (model->key[j] == output ||
          (attribute != 0 && model->columns[model->key[j]].attribute == attribute)) {
        ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
                        errmsg("key column \"%s\" occurs twice", name)));
      }
    }
    model->key[model->key_count++] = output;
  }
}

void find_key(ModelQuery* model, Relation table, ArrayType* names) {
  if (names == nullptr) {
    find_primary_key(model, table);
  } else {
    find_named_key(model, names);
  }
  check_key_columns(*model, table);
  Delta* delta = make_zeroed<Delta>();
  delta->table = model->table;
  delta->reference = linitial_node(RangeTblEntry, model->query->rtable)->eref->aliasname;
  delta->mode = DeltaMode::kKey;
  for (int i = 0; i < model->key_count; ++i) {
    delta->columns = lappend_int(delta->columns, model->columns[model->key[i]].attribute);
  }
  model->deltas = list_make1(delta);
}

}  // namespace daas
