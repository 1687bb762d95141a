#include "batch/snapshot.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "core/error.hpp"

namespace daas {
namespace {

/// Takes digits off the front of `text`.
bool take_number(std::string_view& text, std::uint64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

bool take_char(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

Snapshot Snapshot::parse(std::string_view text) {
  Snapshot snapshot;
  auto rest = text;
  bool good = take_number(rest, snapshot.xmin_) && take_char(rest, ':') &&
              take_number(rest, snapshot.xmax_) && take_char(rest, ':');
  while (good && !rest.empty()) {
    std::uint64_t xid = 0;
    good = take_number(rest, xid) && (rest.empty() || (take_char(rest, ',') && !rest.empty()));
    snapshot.running_.push_back(xid);
  }
  if (!good || snapshot.xmin_ > snapshot.xmax_) {
    throw Error(Remedy::kStop, "\"" + std::string(text) + "\" is not a pg_snapshot");
  }
  std::sort(snapshot.running_.begin(), snapshot.running_.end());
  return snapshot;
}

bool Snapshot::sees(std::uint64_t xid) const {
  if (xid < xmin_) return true;
  if (xid >= xmax_) return false;
  return !std::binary_search(running_.begin(), running_.end(), xid);
}

}  // namespace daas
