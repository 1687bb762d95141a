#include "pipeline/row_document.hpp"

#include "core/document_id.hpp"
#include "core/error.hpp"

namespace daas {

RowDocument::RowDocument(const Model& model)
    : model_(model.name), columns_(model.columns.size()), writer_(model.columns, model.key) {
  for (const auto position : model.key) {
    const bool wrapped = model.columns[position].type == ValueType::kWrapped;
    key_.push_back(wrapped ? columns_ + wrapped_keys_++ : position);
    types_.push_back(model.columns[position].type);
  }
}

const std::string& RowDocument::id(std::span<const Field> row) {
  if (row.size() != width()) {
    throw Error(Remedy::kStop, "the query of model " + model_ + " returned " +
                                   std::to_string(row.size()) + " columns, expected " +
                                   std::to_string(width()),
                reload_statement(model_));
  }
  id_.clear();
  for (std::size_t part = 0; part < key_.size(); ++part) {
    const auto& field = row[key_[part]];
    if (field.form == Field::Form::kNull) {
      throw Error(Remedy::kStop, "a row of model " + model_ + " has no value in its key");
    }
    append_key_part(id_, types_[part], field.bytes, key_.size() > 1, part == 0);
  }
  finish_id(id_);
  return id_;
}

void RowDocument::append(std::string& body, std::span<const Field> row, std::int64_t version) {
  writer_.append(body, id_, row.first(columns_), version);
}

}  // namespace daas
