#include "pipeline/spill.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "core/error.hpp"

namespace daas {
namespace {

/// Of the messages that are read at a time: what the rows of a part hold in memory is some times that.
constexpr std::size_t kPartBytes = 1 << 20;

using Length = std::uint32_t;

[[noreturn]] void fail(const std::string& what, const std::string& directory) {
  const auto reason = std::system_category().message(errno);
  throw Error(Remedy::kRetry,
              "cannot " + what + " a file for a large transaction in " + directory + ": " + reason,
              "make room there, or name another directory with --spill-dir");
}

int open_nameless(const std::string& directory) {
  const int file = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return file;
  auto name = directory + "/daas-spill-XXXXXX";
  const int named = mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) unlink(name.c_str());
  return named;
}

}  // namespace

void try_spill_directory(const std::string& directory) {
  const int file = open_nameless(directory);
  if (file < 0) fail("open", directory);
  close(file);
}

Spill::Spill(const std::string& directory, StreamDecoder decoder)
    : directory_(directory), decoder_(std::move(decoder)), file_(open_nameless(directory)) {
  if (file_ < 0) fail("open", directory_);
}

Spill::~Spill() { close(file_); }

void Spill::append(const ChangePart& part) {
  for (const auto& message : part.buffers) {
    const auto length = static_cast<Length>(message->size());
    write(reinterpret_cast<const char*>(&length), sizeof length);
    write(message->data(), message->size());
  }
}

void Spill::write(const char* bytes, std::size_t size) {
  while (size > 0) {
    const auto written = pwrite(file_, bytes, size, static_cast<off_t>(size_));
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("write", directory_);
    }
    bytes += written;
    size -= static_cast<std::size_t>(written);
    size_ += static_cast<std::uint64_t>(written);
  }
}

class Spill::FileReader : public StoredChanges::Reader {
 public:
  explicit FileReader(const Spill& spill) : spill_(spill), decoder_(spill.decoder_.at_begin()) {}

  ChangePart next() override {
    while (at_ < spill_.size_ && decoder_.open_bytes() < kPartBytes) {
      Length length = 0;
      read(reinterpret_cast<char*>(&length), sizeof length);
      std::string message(length, '\0');
      read(message.data(), length);
      decoder_.feed(std::move(message));  // never the last one: the commit itself has that
    }
    return decoder_.take_part();
  }

 private:
  void read(char* bytes, std::size_t size) {
    while (size > 0) {
      const auto got = pread(spill_.file_, bytes, size, static_cast<off_t>(at_));
      if (got < 0 && errno == EINTR) continue;
      if (got == 0) errno = EIO;
      if (got <= 0) fail("read", spill_.directory_);
      bytes += got;
      size -= static_cast<std::size_t>(got);
      at_ += static_cast<std::uint64_t>(got);
    }
  }

  const Spill& spill_;
  StreamDecoder decoder_;
  std::uint64_t at_ = 0;
};

std::unique_ptr<StoredChanges::Reader> Spill::read() const {
  return std::make_unique<FileReader>(*this);
}

}  // namespace daas
