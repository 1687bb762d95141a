// Reads a source of changes into a commit log.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "batch/commit_log.hpp"
#include "decode/stream_decoder.hpp"
#include "pg/interrupt.hpp"
#include "pipeline/change_source.hpp"
#include "pipeline/spill.hpp"

namespace daas {

/// One thread. Confirms to the source only what the log says is durable.
class Capture {
 public:
  /// @param failed called once, from the thread, with what ended the source
  Capture(std::shared_ptr<ChangeSource> source, CommitLog& log, const Interrupt& interrupt,
          SpillRule spill_rule, std::function<void(std::exception_ptr)> failed);
  ~Capture();

 private:
  void run();
  void read(ChangeSource::Event event);
  void decode(std::string message);

  const std::shared_ptr<ChangeSource> source_;
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
