// Which transactions a PostgreSQL snapshot sees.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace daas {

/// pg_snapshot: text form `xmin:xmax:xid,xid…` of full transaction ids (xid8).
class Snapshot {
 public:
  /// Sees nothing.
  Snapshot() = default;
  /// Throws Error when the text is not a pg_snapshot.
  static Snapshot parse(std::string_view text);

  /// As pg_visible_in_snapshot(xid, snapshot), for transactions that are known to have committed.
  bool sees(std::uint64_t xid) const;
  /// Every transaction below it had ended.
  std::uint64_t xmin() const { return xmin_; }
  /// No transaction from here on had ended.
  std::uint64_t xmax() const { return xmax_; }

 private:
  std::uint64_t xmin_ = 0;
  std::uint64_t xmax_ = 0;
  std::vector<std::uint64_t> running_;  ///< sorted
};

}  // namespace daas
