#include "serve/remembered_plans.hpp"

#include <functional>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace daas {
namespace {

constexpr std::size_t kMostPlans = 1024;
constexpr std::size_t kLongestKey = 4096;

}  // namespace

RememberedPlans::Key RememberedPlans::key(const ServerRequest& request) {
  // How long it waits for a position is a matter of its time.
  if (!request.min_position.empty()) return {};
  Key key;
  const std::initializer_list<std::string_view> parts = {request.method, request.target,         request.authorization, request.prefer,
                                                         request.accept, request.accept_profile, request.range};
  std::size_t size = 0;
  for (const auto part : parts) size += part.size() + 1;
  if (size > kLongestKey) return {};
  key.bytes.reserve(size);
  for (const auto part : parts) key.bytes.append(part).append(1, '\0');  // which none of them has
  key.hash = std::hash<std::string>()(key.bytes);
  return key;
}

PlannedRead RememberedPlans::find(const Key& key, const std::shared_ptr<const Catalog>& catalog) {
  if (key.bytes.empty()) return {};
  Entries dropped;  // outlives the lock
  const std::lock_guard lock(mutex_);
  if (catalog_ != catalog) {
    dropped.swap(entries_);
    catalog_ = catalog;
  }
  const auto found = entries_.find(key.hash);
  return found != entries_.end() && found->second.bytes == key.bytes ? found->second.planned : PlannedRead();
}

void RememberedPlans::keep(Key key, PlannedRead planned) {
  if (key.bytes.empty()) return;
  Entries dropped;
  const std::lock_guard lock(mutex_);
  if (planned.plan->catalog != catalog_ || !asked_before_(key.hash)) return;
  if (entries_.size() >= kMostPlans) dropped.swap(entries_);
  entries_.insert_or_assign(key.hash, Entry{std::move(key.bytes), std::move(planned)});
}

}  // namespace daas
