// A transaction that is too large for memory, in a file without a name: the output plugin's messages
// as they came, each behind its length.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/change.hpp"
#include "decode/stream_decoder.hpp"

namespace daas {

/// When an open transaction goes to a file, and where.
struct SpillRule {
  std::size_t bytes = 16 << 20;  ///< decoded, in memory
  std::string directory = "/var/tmp";
};

/// Throws Error(kRetry) when the directory can't hold a file.
void try_spill_directory(const std::string& directory);

/// Written by one thread, then read by any number of them. The file goes when this goes.
class Spill : public StoredChanges {
 public:
  /// @param decoder StreamDecoder::at_begin() of the transaction
  /// Throws Error(kRetry) when the directory can't hold a file.
  Spill(const std::string& directory, StreamDecoder decoder);
  ~Spill() override;
  Spill(const Spill&) = delete;
  Spill& operator=(const Spill&) = delete;

  /// Writes the messages that the part's changes came in. Throws Error(kRetry) when the disk is full.
  void append(const ChangePart& part);

  std::unique_ptr<Reader> read() const override;

 private:
  class FileReader;
  void write(const char* bytes, std::size_t size);

  const std::string directory_;
  const StreamDecoder decoder_;
  int file_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace daas
