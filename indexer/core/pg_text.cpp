#include "core/pg_text.hpp"

#include <bit>
#include <charconv>
#include <cstdint>

#include "core/big_endian.hpp"
#include "core/date_time.hpp"
#include "core/error.hpp"
#include "core/float_text.hpp"
#include "core/hex.hpp"

namespace daas {
namespace {

void require(std::string_view bytes, std::size_t size) {
  if (bytes.size() == size) return;
  throw Error(Remedy::kStop, "a native value has " + std::to_string(bytes.size()) +
                                 " bytes where its type has " + std::to_string(size));
}

void append_integer(std::string& out, std::int64_t value) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void append_uuid(std::string& out, std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    append_hex(out, static_cast<unsigned char>(bytes[i]));
  }
}

}  // namespace

void append_native_text(std::string& out, ValueType type, std::string_view bytes) {
  switch (type) {
    case ValueType::kBoolean:
      require(bytes, 1);
      out += bytes[0] != 0 ? 't' : 'f';
      return;
    case ValueType::kInt2:
      require(bytes, 2);
      append_integer(out, static_cast<std::int16_t>(big_endian(bytes)));
      return;
    case ValueType::kInt4:
      require(bytes, 4);
      append_integer(out, static_cast<std::int32_t>(big_endian(bytes)));
      return;
    case ValueType::kInt8:
      require(bytes, 8);
      append_integer(out, static_cast<std::int64_t>(big_endian(bytes)));
      return;
    case ValueType::kFloat4:
      require(bytes, 4);
      append_float(out, std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(bytes))));
      return;
    case ValueType::kFloat8:
      require(bytes, 8);
      append_double(out, std::bit_cast<double>(big_endian(bytes)));
      return;
    case ValueType::kUuid:
      require(bytes, 16);
      append_uuid(out, bytes);
      return;
    case ValueType::kDate:
      require(bytes, 4);
      append_date(out, static_cast<std::int32_t>(big_endian(bytes)));
      return;
    case ValueType::kTimestamp:
    case ValueType::kTimestampTz:
      require(bytes, 8);
      append_timestamp(out, static_cast<std::int64_t>(big_endian(bytes)),
                       type == ValueType::kTimestampTz);
      return;
    default:  // no other encoding than the text
      out += bytes;
      return;
  }
}

}  // namespace daas
