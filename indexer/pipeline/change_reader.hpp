// What decoded changes mean for one model: its affected keys, and for a projection the new rows.
// Pure: no I/O.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/change.hpp"
#include "core/document.hpp"
#include "core/model.hpp"

namespace daas {

/// What became of one document by the changes of a batch, the last change winning.
struct Outcome {
  enum class Kind {
    kRow,      ///< the row is in `fields` (projection models)
    kFetch,    ///< to be fetched on the batch's snapshot; no row there is a delete
    kDeleted,
  };
  Kind kind = Kind::kFetch;
  std::vector<std::string> key;       ///< kFetch: text of each key column
  std::string_view image;             ///< kRow: the new image, inside the commit's buffers
  const Relation* relation = nullptr;  ///< kRow: the image's shape
};

/// Not thread-safe; one per model.
class ChangeReader {
 public:
  explicit ChangeReader(const Model& model);

  /// Forgets the shapes of before: relations live as long as what they came with, and a later one may
  /// reuse the address.
  void forget_shapes() { mappings_.clear(); }

  using Outcomes = std::unordered_map<std::string, Outcome>;  ///< by document id

  /// Coalesces row changes into `outcomes`, whose views point into what the changes point into. Passes
  /// over TRUNCATE. Throws Error(kStop) with the mending statement when the table's shape or identity
  /// no longer carries the model.
  void read(std::span<const Change> changes, Outcomes& outcomes);

  /// The model's columns of a kRow outcome, in their order. Valid until the next call.
  const std::vector<Field>& row(const Outcome& outcome);

  /// Document id of key texts.
  std::string id(const std::vector<std::string>& key) const;

 private:
  /// Where a relation's columns go.
  struct Mapping {
    std::vector<std::size_t> key;      ///< relation column of each key part
    std::vector<std::size_t> columns;  ///< relation column of each model column (projection)
    bool identity_covers_key = false;
  };
  const Mapping& mapping(const Relation& relation, const Model::Source& source);
  void apply(const Change& change, const Model::Source& source, Outcomes& outcomes);
  /// Key texts of an image, in key_, and their document id.
  std::string identify(const Change& change, const Mapping& mapping, bool old_image);

  const Model& model_;
  std::unordered_map<const Relation*, Mapping> mappings_;
  std::vector<Value> values_;
  std::vector<Value> old_values_;
  std::vector<Field> fields_;
  std::vector<std::string> key_;
};

}  // namespace daas
