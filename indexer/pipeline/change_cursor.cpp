#include "pipeline/change_cursor.hpp"

#include <algorithm>

namespace daas {

std::span<const Change> ChangeCursor::next(std::size_t most) {
  for (; commit_ < commits_->size(); ++commit_, change_ = 0, stored_done_ = false) {
    const auto& commit = *(*commits_)[commit_];
    if (commit.stored && !stored_done_) {
      if (!reader_) reader_ = commit.stored->read();
      do {
        part_ = reader_->next();
      } while (part_.changes.empty() && !part_.buffers.empty());
      if (!part_.changes.empty()) return part_.changes;
      stored_done_ = true;
      reader_.reset();
    }
    if (change_ < commit.changes.size()) {
      const auto some = std::span(commit.changes).subspan(change_);
      const auto taken = some.first(std::min(most, some.size()));
      change_ += taken.size();
      return taken;
    }
  }
  return {};
}

}  // namespace daas
