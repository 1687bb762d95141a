#include "json_text.hpp"

extern "C" {
#include "utils/builtins.h"
}

namespace daas {
namespace {

struct Escape {
  char text[6];
  int length;
};

/// How a byte is written that may not stand in a JSON string.
Escape escape_of(unsigned char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  switch (byte) {
    case '"':
    case '\\':
      return {{'\\', static_cast<char>(byte)}, 2};
    case '\b':
      return {{'\\', 'b'}, 2};
    case '\f':
      return {{'\\', 'f'}, 2};
    case '\n':
      return {{'\\', 'n'}, 2};
    case '\r':
      return {{'\\', 'r'}, 2};
    case '\t':
      return {{'\\', 't'}, 2};
    default:
      return {{'\\', 'u', '0', '0', kDigits[byte >> 4], kDigits[byte & 0x0F]}, 6};
  }
}

constexpr bool is_plain(unsigned char byte) {
  return byte >= ' ' && byte != '"' && byte != '\\';
}

}  // namespace

bool JsonText::put_string(const char* bytes, Size length) {
  const char* const end = bytes + length;
  const char* run = bytes;
  if (!put("\"", 1)) return false;
  for (const char* at = bytes; at < end; ++at) {
    if (likely(is_plain(*at))) continue;
    const Escape escape = escape_of(*at);
    if (!put(run, at - run) || !put(escape.text, escape.length)) return false;
    run = at + 1;
  }
  return put(run, end - run) && put("\"", 1);
}

bool JsonText::put_json(const char* bytes, Size length) {
  const int start = buffer_->len;
  if (!put(bytes, length)) return false;
  for (char* at = buffer_->data + start; at < buffer_->data + buffer_->len; ++at) {
    if (*at == '\n' || *at == '\r') *at = ' ';
  }
  return true;
}

void JsonText::force_string(const char* text) {
  JsonText unlimited(buffer_, MaxAllocSize);
  if (!unlimited.put_string(text)) elog(ERROR, "a change event of over a gigabyte");
}

void JsonText::force_number(uint64 number) {
  char digits[24];
  force(digits, pg_ulltoa_n(number, digits));
}

void JsonText::force_position(uint64 lsn) {
  char text[24];
  snprintf(text, sizeof text, "\"%X/%X\"", static_cast<uint32>(lsn >> 32),
           static_cast<uint32>(lsn));
  force(text);
}

}  // namespace daas
