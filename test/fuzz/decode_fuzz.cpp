// Any bytes, read as our plugin's or rewritten from pgoutput's, are commits or an Error; and a transaction that is read in parts, by a decoder that knows
// the tables as they were at its begin, has the changes that it has as a whole (pipeline/spill.hpp).
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "decode/image.hpp"
#include "decode/pgoutput_reader.hpp"
#include "decode/stream_decoder.hpp"

namespace {

using Seen = std::vector<std::pair<std::string, std::size_t>>;

void look(const daas::ChangePart& part, Seen& seen) {
  std::vector<daas::Value> values;
  for (const daas::Change& change : part.changes) {
    daas::parse_image(change.old_image, change.relation->columns.size(), values);
    daas::parse_image(change.new_image, change.relation->columns.size(), values);
    seen.emplace_back(std::string(change.old_image) + '|' + std::string(change.new_image),
                      change.relation->columns.size());
  }
}

/// What PgoutputReader gives must be what StreamDecoder takes, as far as it vouches for it.
void rewrite(const std::uint8_t* data, std::size_t size) {
  daas::PgoutputReader reader(1ULL << 32);
  daas::StreamDecoder decoder;
  try {
    for (const auto *at = data, *const end = data + size; at < end;) {
      const auto* cut = at;
      while (cut < end && *cut != 0xF7) ++cut;
      auto ready = reader.feed(std::string(at, cut));
      at = cut + 1;
      if (ready.empty()) continue;
      Seen seen;
      for (const daas::Commit& commit : decoder.feed(std::move(ready))) look(commit, seen);
    }
  } catch (const daas::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rewrite(data, size);
  daas::StreamDecoder decoder;
  // Messages are cut where the input says 0xF7, which few records hold.
  std::vector<std::string> fed;
  Seen whole, first;
  bool taken = false;
  try {
    for (const auto *at = data, *const end = data + size; at < end;) {
      const auto* cut = at;
      while (cut < end && *cut != 0xF7) ++cut;
      std::string message(at, cut);
      at = cut + 1;
      const bool open = decoder.in_transaction();
      if (!open) {
        fed.clear();
        first.clear();
        taken = false;
      }
      fed.push_back(message);
      for (const daas::Commit& commit : decoder.feed(std::move(message))) {
        look(commit, first);
        if (!taken && commit.change_count != first.size()) std::abort();
        first.clear();
      }
      if (!decoder.in_transaction() || taken) continue;
      // The first parts of the transaction, once from this decoder and once from a new one.
      auto again = decoder.at_begin();
      look(decoder.take_part(), first);
      taken = true;
      for (const auto& part : fed) again.feed(part);
      Seen replayed;
      look(again.take_part(), replayed);
      if (replayed != first) std::abort();
    }
  } catch (const daas::Error&) {
  }
  return 0;
}
