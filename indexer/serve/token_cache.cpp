#include "serve/token_cache.hpp"

#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/sha256.hpp"

namespace daas {

TokenCache::Name TokenCache::name(std::string_view token) { return sha256({token}); }

std::size_t TokenCache::Hash::operator()(const Name& name) const {
  std::size_t hash;
  std::memcpy(&hash, name.data() + 1, sizeof(hash));  // the first byte is the shard
  return hash;
}

TokenCache::Claims TokenCache::find(const Name& name, std::uint64_t keys, double now) {
  auto& shard = shards_[name[0] % kShards];
  const std::lock_guard lock(shard.mutex);
  const auto holds = [&](const Entry& entry) { return entry.keys == keys && entry.from <= now && now < entry.until; };
  if (const auto found = shard.newer.find(name); found != shard.newer.end()) {
    return holds(found->second.entry) ? found->second.entry.claims : nullptr;
  }
  const auto found = shard.older.find(name);
  if (found == shard.older.end() || !holds(found->second.entry)) return nullptr;
  auto sized = std::move(found->second);
  auto claims = sized.entry.claims;
  shard.older.erase(found);
  add(shard, name, std::move(sized));
  return claims;
}

void TokenCache::keep(const Name& name, std::size_t token_size, Entry entry) {
  auto& shard = shards_[name[0] % kShards];
  const std::lock_guard lock(shard.mutex);
  add(shard, name, {std::move(entry), token_size + kOverhead});
}

void TokenCache::add(Shard& shard, const Name& name, Sized sized) {
  if (shard.newer_bytes + sized.bytes > most_bytes_ && !shard.newer.empty()) {
    shard.older = std::move(shard.newer);
    shard.newer = {};
    shard.newer_bytes = 0;
  }
  const auto bytes = sized.bytes;
  const auto [place, added] = shard.newer.insert_or_assign(name, std::move(sized));
  if (added) shard.newer_bytes += bytes;
}

}  // namespace daas
