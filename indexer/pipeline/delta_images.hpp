// The old and new images of changed rows that a delta query turns into affected keys (design §5).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace daas {

/// Of one delta; each image once. Not thread-safe.
class DeltaImages {
 public:
  using Image = std::vector<std::optional<std::string>>;  ///< texts of the needed columns; NULLs empty

  void add(const Image& image);
  std::size_t size() const { return seen_.size(); }
  void clear();
  /// $1, $2, … of the delta query: a text[] each.
  std::vector<std::optional<std::string>> parameters() const;

 private:
  std::unordered_set<std::string> seen_;
  std::vector<Image> columns_;  ///< by column, so an element per image
};

}  // namespace daas
