#include "core/string_twin.hpp"

#include "core/sha256.hpp"

namespace daas {
namespace {

// With the hash below Lucene's IndexWriter.MAX_TERM_LENGTH, 32,766. No short value can be a long
// one's twin, which is longer than this.
constexpr std::size_t kKeptPrefix = 32000;

}  // namespace

std::string string_twin(std::string_view value) {
  if (is_own_twin(value)) return std::string(value);
  std::size_t kept = kKeptPrefix;
  while (kept > 0 && (static_cast<unsigned char>(value[kept]) & 0xC0) == 0x80) --kept;
  return std::string(value.substr(0, kept)) + sha256_hex({value});
}

bool is_own_twin(std::string_view value) {
  return value.size() <= kKeptPrefix;
}

}  // namespace daas
