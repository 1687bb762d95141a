// Whether something was asked for lately, in little memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace daas {

/// Fingerprints, each in its place until another one takes it: most of what is asked for never is again, and must not push
/// out of a cache what is. Not thread-safe.
class AskedBefore {
 public:
  /// Whether its last caller in this place had the same hash, too. Memory is taken by the first call.
  bool operator()(std::uint64_t hash) {
    if (fingerprints_.empty()) fingerprints_.resize(kPlaces);
    const auto fingerprint = static_cast<std::uint32_t>(hash >> 32) | 1;  // 0 is nobody's
    return std::exchange(fingerprints_[hash % kPlaces], fingerprint) == fingerprint;
  }

 private:
  static constexpr std::size_t kPlaces = 1 << 16;
  std::vector<std::uint32_t> fingerprints_;
};

}  // namespace daas
