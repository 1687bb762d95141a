// Claims of tokens that were verified, so that the next request of their holder costs microseconds.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace daas {

/// A token is known by its SHA-256: no two tokens have one, and tokens themselves, which are as good
/// as passwords, don't lie around in memory. An entry holds for one version of the keys and as long
/// as the token's own times say. Bounded: when a half is full, the half that was filled before it is
/// dropped, and what was asked for since then is in the newer one. Thread-safe.
class TokenCache {
 public:
  using Claims = std::shared_ptr<const nlohmann::json>;
  using Name = std::array<unsigned char, 32>;

  struct Entry {
    Claims claims;
    std::uint64_t keys = 0;  ///< version of the keys that the signature was checked with
    double from = 0;         ///< seconds of Unix time, leeway included
    double until = 0;        ///< not at it any more
  };

  /// @param most_bytes of tokens whose claims are kept, about: parsed, they take several times that
  explicit TokenCache(std::size_t most_bytes = 4 * 1024 * 1024) : most_bytes_(most_bytes / kShards / 2) {}

  static Name name(std::string_view token);
  /// Null when it is not known, or does not hold now or with these keys: then it is for the verifier
  /// to say why.
  Claims find(const Name& name, std::uint64_t keys, double now);
  void keep(const Name& name, std::size_t token_size, Entry entry);

 private:
  static constexpr std::size_t kShards = 16;
  /// What an entry takes besides its claims.
  static constexpr std::size_t kOverhead = 128;

  struct Hash {
    std::size_t operator()(const Name& name) const;
  };
  struct Sized {
    Entry entry;
    std::size_t bytes;
  };
  using Half = std::unordered_map<Name, Sized, Hash>;
  struct Shard {
    std::mutex mutex;
    Half newer, older;
    std::size_t newer_bytes = 0;
  };

  void add(Shard& shard, const Name& name, Sized sized);

  const std::size_t most_bytes_;  ///< of a half
  std::array<Shard, kShards> shards_;
};

}  // namespace daas
