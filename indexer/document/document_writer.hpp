// Rows → Solr update documents (design §8): the id, the version, the document text, typed twins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/document.hpp"
#include "core/value_type.hpp"

namespace daas {

/// Writes the documents of one model. Reuses its memory; not thread-safe.
class DocumentWriter {
 public:
  /// @param key positions of the key columns
  DocumentWriter(std::vector<Column> columns, std::vector<std::size_t> key);

  /// Document id of a row: the key columns' texts.
  std::string id(std::span<const Field> row) const;
  /// Appends {"id":…,"_ver_":N,"_doc_":"…","c_…":…} without a comma. `_doc_` is what
  /// row_to_json(row) gives, byte for byte; NULLs have no twin.
  void append(std::string& body, std::span<const Field> row, std::int64_t version);
  /// The same when the id is known.
  void append(std::string& body, std::string_view id, std::span<const Field> row,
              std::int64_t version);
  /// Appends {"id":…,"_ver_":N,"_deleted_":true}.
  static void append_tombstone(std::string& body, std::string_view id, std::int64_t version);

 private:
  void append_value(ValueType type, const Field& field);
  /// @param value the value as it stands in the document text
  void append_twin(std::string& body, ValueType type, const Field& field, std::string_view value);
  std::string_view text_of(ValueType type, const Field& field);

  std::vector<Column> columns_;
  std::vector<std::size_t> key_;
  std::vector<std::string> members_;  ///< `"name":` of each column, as it stands within `_doc_`
  std::vector<std::string> twins_;    ///< `,"c_name_s":`, empty without a twin
  std::vector<std::string> texts_;    ///< `,"c_name_t_english":` of texts that can be searched, empty of others
  std::vector<std::string> marks_;    ///< `,"c_name_a":` of arrays, empty of others
  std::string values_;  ///< the row's values as JSON, one after the other
  std::vector<std::pair<std::size_t, std::size_t>> places_;  ///< place and size in values_
  std::string scratch_;
};

}  // namespace daas
