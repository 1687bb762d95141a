// Walks over the changes of a batch, also over those that are not in memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "batch/commit_log.hpp"
#include "core/change.hpp"

namespace daas {

/// Not thread-safe. The commits must outlive it.
class ChangeCursor {
 public:
  explicit ChangeCursor(const std::vector<SharedCommit>& commits) : commits_(&commits) {}

  /// Some more changes, all of one commit; at most `most` of those that are in memory. Empty at the
  /// end. What they point into lives as long as the commits, or, when they were stored(), until the
  /// next call.
  std::span<const Change> next(std::size_t most);
  bool stored() const { return reader_ != nullptr; }

 private:
  const std::vector<SharedCommit>* commits_;
  std::size_t commit_ = 0;
  std::size_t change_ = 0;       ///< the next one in memory of that commit
  bool stored_done_ = false;     ///< its stored ones were read
  std::unique_ptr<StoredChanges::Reader> reader_;
  ChangePart part_;
};

}  // namespace daas
