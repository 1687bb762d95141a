// Reads the replication slot into the commit log.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "batch/commit_log.hpp"
#include "decode/pgoutput_reader.hpp"
#include "decode/stream_decoder.hpp"
#include "pg/replication.hpp"
#include "pipeline/spill.hpp"

namespace daas {

/// One thread. Confirms to the slot only what the log says is durable.
class Capture {
 public:
  /// @param stream started
  /// @param pgoutput when the stream is that plugin's
  /// @param failed called once, from the thread, with what ended the stream
  Capture(std::unique_ptr<ReplicationStream> stream, CommitLog& log, const Interrupt& interrupt,
          SpillRule spill_rule, std::optional<PgoutputReader> pgoutput, std::function<void(std::exception_ptr)> failed);
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
  std::optional<PgoutputReader> pgoutput_;
  StreamDecoder decoder_;
  std::shared_ptr<Spill> spill_;  ///< of the open transaction, once it is large
  bool reply_wanted_ = false;
  std::thread thread_;
};

}  // namespace daas
