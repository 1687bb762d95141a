// What decoded changes mean for one model: its affected keys, for a projection the new rows, and the
// images that delta queries find keys for. Pure: no I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/change.hpp"
#include "core/document.hpp"
#include "core/model.hpp"
#include "pipeline/delta_images.hpp"

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

  /// Coalesces row changes into `outcomes`, whose views point into what the changes point into, and
  /// adds to `images` (one of each of the model's deltas) what only a delta query finds keys for.
  /// Passes over TRUNCATE. Throws Error(kStop) with the mending statement when the table's shape or
  /// identity no longer carries the model.
  void read(std::span<const Change> changes, Outcomes& outcomes, std::vector<DeltaImages>& images);

  /// The model's columns of a kRow outcome, in their order. Valid until the next call.
  const std::vector<Field>& row(const Outcome& outcome);

  /// Document id of key texts.
  std::string id(const std::vector<std::string>& key) const;

 private:
  /// Where a relation's columns go.
  struct Mapping {
    struct Needed {
      std::size_t delta;                 ///< position in the model's
      std::vector<std::size_t> columns;  ///< relation column of each of the delta's
      bool identity_covers = false;      ///< old images have them
    };
    std::vector<Needed> deltas;
    std::vector<std::size_t> columns;  ///< relation column of each model column (projection)
  };
  /// nullptr: not a table of the model.
  const Mapping* mapping(const Relation& relation);
  Mapping map(const Relation& relation) const;
  void apply(const Change& change, const Mapping& mapping, Outcomes& outcomes,
             std::vector<DeltaImages>& images);
  void apply_key(const Change& change, const Mapping& mapping, const Mapping::Needed& key,
                 Outcomes& outcomes);
  /// Of the needed columns of an image, in texts_.
  void read_texts(const Change& change, const Mapping::Needed& needed, bool old_image);
  /// Key texts of an image, in key_, and their document id.
  std::string identify(const Change& change, const Mapping::Needed& key, bool old_image);

  const Model& model_;
  std::unordered_map<const Relation*, std::optional<Mapping>> mappings_;
  std::vector<Value> values_;
  std::vector<Value> old_values_;
  std::vector<Field> fields_;
  DeltaImages::Image texts_;
  std::vector<std::string> key_;
};

}  // namespace daas
