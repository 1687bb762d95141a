// Rows of load_query and fetch_query → documents.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/document.hpp"
#include "core/model.hpp"
#include "document/document_writer.hpp"

namespace daas {

/// A row of these queries has the model's columns in order, then the text of each key column whose
/// type is wrapped (its column itself holds JSON, which is not the key's text). Not thread-safe.
class RowDocument {
 public:
  explicit RowDocument(const Model& model);

  /// Number of fields in a row.
  std::size_t width() const { return columns_ + wrapped_keys_; }
  /// The document id; valid until the next call.
  const std::string& id(std::span<const Field> row);
  /// Appends the document of the row that id() was called with last.
  void append(std::string& body, std::span<const Field> row, std::int64_t version);

 private:
  const std::string model_;
  const std::size_t columns_;
  std::size_t wrapped_keys_ = 0;
  std::vector<std::size_t> key_;  ///< field of each key part
  std::vector<ValueType> types_;  ///< of each key part
  std::string id_;
  DocumentWriter writer_;
};

}  // namespace daas
