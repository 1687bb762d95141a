// Writes what StreamDecoder reads: records of docs/change_event.md, for sources that speak another language.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/big_endian.hpp"
#include "core/change_event.hpp"
#include "decode/byte_reader.hpp"

namespace daas::decode {

/// str
inline void append_name(std::string& out, std::string_view text) {
  if (text.size() > 0xFFFF) fail("a name of " + std::to_string(text.size()) + " bytes");
  append_big_endian(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

/// value: of a text, or NULL.
inline void append_value(std::string& out, std::optional<std::string_view> text) {
  if (!text) {
    append_big_endian(out, std::uint8_t{change_event::kNullTag});
    return;
  }
  if (text->size() <= change_event::kMaxShortLength) {
    append_big_endian(out, static_cast<std::uint8_t>(text->size()));
  } else {
    append_big_endian(out, std::uint8_t{change_event::kLongLength});
    append_big_endian(out, static_cast<std::uint32_t>(text->size()));
  }
  out += *text;
}

/// record
inline void append_record(std::string& out, change_event::RecordType type, std::string_view body) {
  if (body.size() > 0xFFFFFFFF) fail("a row of over 4 GB");
  out += static_cast<char>(type);
  append_big_endian(out, static_cast<std::uint32_t>(body.size()));
  out += body;
}

}  // namespace daas::decode
