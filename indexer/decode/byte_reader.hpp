// Reads the integers and strings of docs/change_event.md from bytes that may be anything.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace daas::decode {

/// Raises daas::Error (kStop): the stream is not what docs/change_event.md says.
[[noreturn]] void fail(const std::string& what);
/// The bytes end in the middle of `what`.
[[noreturn]] void fail_truncated(const char* what);

/// Never reads past the end: asking for more raises daas::Error. Holds a view, owns nothing.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  /// The next `length` bytes; `what` names them in an error.
  std::string_view take(std::size_t length, const char* what) {
    if (length > rest_.size()) fail_truncated(what);
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  /// A big-endian integer.
  template <std::integral Integer>
  Integer integer(const char* what) {
    std::uint64_t value = 0;
    for (const char byte : take(sizeof(Integer), what)) {
      value = value << 8 | static_cast<unsigned char>(byte);
    }
    return static_cast<Integer>(value);
  }

  /// A string after its u16 length.
  std::string_view string(const char* what) { return take(integer<std::uint16_t>(what), what); }

 private:
  std::string_view rest_;
};

}  // namespace daas::decode
