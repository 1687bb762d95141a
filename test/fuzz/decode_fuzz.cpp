// libFuzzer target: any bytes are commits or an Error, never undefined behaviour. Needs clang 15
// (clang 14 has no std::source_location).
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -Iindexer
//   test/fuzz/decode_fuzz.cpp
//     indexer/decode/*.cpp indexer/core/value_type.cpp -o decode_fuzz
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "decode/image.hpp"
#include "decode/stream_decoder.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  daas::StreamDecoder decoder;
  std::vector<daas::Value> values;
  // The first byte says where the input is cut into two messages.
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = input.empty() ? 0 : static_cast<std::uint8_t>(input[0]) % input.size();
  try {
    for (std::string message : {input.substr(0, cut), input.substr(cut)}) {
      for (const daas::Commit& commit : decoder.feed(std::move(message))) {
        for (const daas::Change& change : commit.changes) {
          daas::parse_image(change.old_image, change.relation->columns.size(), values);
          daas::parse_image(change.new_image, change.relation->columns.size(), values);
        }
      }
    }
  } catch (const daas::Error&) {
  }
  return 0;
}
