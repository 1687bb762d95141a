#include "decode/image.hpp"

#include <cstdint>
#include <string>

#include "core/change_event.hpp"
#include "decode/byte_reader.hpp"

namespace daas {
namespace {

Value read_value(decode::ByteReader& reader) {
  const auto tag = reader.integer<std::uint8_t>("a value's tag");
  switch (tag) {
    case change_event::kNullTag:
      return {Value::State::kNull, {}};
    case change_event::kUnchangedTag:
      return {Value::State::kUnchanged, {}};
    case change_event::kOmittedTag:
      return {Value::State::kOmitted, {}};
    case change_event::kLongLength:
      return {Value::State::kPresent,
              reader.take(reader.integer<std::uint32_t>("a value's length"), "a value")};
    default:
      return {Value::State::kPresent, reader.take(tag, "a value")};
  }
}

}  // namespace

void parse_image(std::string_view image, std::size_t columns, std::vector<Value>& out) {
  out.clear();
  if (image.empty()) return;
  // Each value takes a byte at least: what is reserved is never more than what there is.
  if (columns > image.size()) decode::fail_truncated("a row image");
  out.reserve(columns);
  decode::ByteReader reader(image);
  for (std::size_t i = 0; i < columns; ++i) out.push_back(read_value(reader));
  if (!reader.at_end()) {
    decode::fail("a row image holds " + std::to_string(reader.rest().size()) +
                 " bytes more than its " + std::to_string(columns) + " columns");
  }
}

}  // namespace daas
