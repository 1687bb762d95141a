// Reads the replication slot into the commit log.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "batch/commit_log.hpp"
#include "decode/stream_decoder.hpp"
#include "pg/replication.hpp"
#include "pipeline/spill.hpp"

namespace daas {

/// One thread. Confirms to the slot only what the log says is durable.
class Capture {
 public:
  /// @param stream started
  /// @param failed called once, from the thread, with what ended the stream
  Capture(std::unique_ptr<ReplicationStream> stream, CommitLog& log, const Interrupt& interrupt,
          SpillRule spill_rule, std::function<void(std::exception_ptr)> failed);
  ~Capture();

 private:
  void run();
  void read(ReplicationStream::Message message);
  void decode(std::string message);

  std::unique_ptr<ReplicationStream> stream_;
  CommitLog& log_;
  const Interrupt& interrupt_;
  const SpillRule spill_rule_;
  const std::function<void(std::exception_ptr)> failed_;
  StreamDecoder decoder_;
  std::shared_ptr<Spill> spill_;  ///< of the open transaction, once it is large
  bool reply_wanted_ = false;
  std::thread thread_;
};

}  // namespace daas
