// JSON text that grows up to a limit: values that a row has and that no message can carry are found
// out while they are written, not by an error of the buffer.
//
// Writes into a palloc'ed buffer that somebody else owns, and doesn't end it with a zero byte:
// text() does. Texts are UTF-8, as stored.
#pragma once

#include <cstring>

extern "C" {
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"
}

namespace daas {

class JsonText {
 public:
  /// @param limit of bytes in the buffer that put() keeps
  JsonText(StringInfo buffer, int limit) : buffer_(buffer), limit_(limit) {}

  int length() const { return buffer_->len; }
  /// What was written, ended.
  const char* text() {
    force("", 1);
    cut(buffer_->len - 1);
    return buffer_->data;
  }
  /// Bytes that put() still takes; none when the limit was passed by force().
  Size rest() const { return buffer_->len < limit_ ? limit_ - buffer_->len : 0; }
  /// Takes back what was written from `length` on.
  void cut(int length) { buffer_->len = length; }

  /// False, and nothing written, if the limit would be passed.
  [[nodiscard]] bool put(const char* bytes, Size length) {
    if (unlikely(length > rest())) return false;
    force(bytes, length);
    return true;
  }
  [[nodiscard]] bool put(const char* text) { return put(text, strlen(text)); }
  /// In quotes, escaped as PostgreSQL does. False, and a part written, at the limit.
  [[nodiscard]] bool put_string(const char* bytes, Size length);
  [[nodiscard]] bool put_string(const char* text) { return put_string(text, strlen(text)); }
  /// JSON as it is, on one line: a line break stands between tokens only, where a blank does, too.
  [[nodiscard]] bool put_json(const char* bytes, Size length);

  /// For what is short and must be there: names, punctuation, positions.
  void force(const char* bytes, Size length) {
    const int size = static_cast<int>(length);
    if (unlikely(buffer_->len + size >= buffer_->maxlen)) enlargeStringInfo(buffer_, size);
    memcpy(buffer_->data + buffer_->len, bytes, size);
    buffer_->len += size;
  }
  void force(const char* text) { force(text, strlen(text)); }
  void force_string(const char* text);
  void force_number(uint64 number);
  /// "16/B374D848", in quotes
  void force_position(uint64 lsn);

 private:
  StringInfo buffer_;
  int limit_;
};

}  // namespace daas
