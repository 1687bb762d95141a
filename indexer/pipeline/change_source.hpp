// Where a capture gets its changes from.
#pragma once

#include <chrono>
#include <string>

#include "core/lsn.hpp"

namespace daas {

/// One owner, one thread. What it throws ends the run.
class ChangeSource {
 public:
  struct Event {
    std::string data;           ///< a message of docs/change_event.md
    Lsn reached = 0;            ///< everything that committed before it has been given
    bool reply_wanted = false;  ///< confirm() soon
  };

  virtual ~ChangeSource() = default;
  /// What comes next; nothing after the timeout.
  virtual Event receive(std::chrono::milliseconds timeout) = 0;
  /// Everything before `position` is durable in Solr, and need not come again.
  virtual void confirm(Lsn position) = 0;
  /// Ends in order.
  virtual void finish() noexcept = 0;
};

}  // namespace daas
