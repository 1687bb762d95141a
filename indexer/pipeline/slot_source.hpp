// Changes from a replication slot.
#pragma once

#include <memory>
#include <optional>

#include "decode/pgoutput_reader.hpp"
#include "pg/replication.hpp"
#include "pipeline/change_source.hpp"

namespace daas {

class SlotSource : public ChangeSource {
 public:
  /// @param stream started
  /// @param pgoutput when the stream is that plugin's
  SlotSource(std::unique_ptr<ReplicationStream> stream, std::optional<PgoutputReader> pgoutput);

  Event receive(std::chrono::milliseconds timeout) override;
  void confirm(Lsn position) override { stream_->confirm(position); }
  void finish() noexcept override { stream_->finish(); }

 private:
  std::unique_ptr<ReplicationStream> stream_;
  std::optional<PgoutputReader> pgoutput_;
};

}  // namespace daas
