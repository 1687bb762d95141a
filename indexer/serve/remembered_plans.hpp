// Plans of requests that come again and again.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "serve/asked_before.hpp"
#include "serve/http_message.hpp"
#include "serve/read_runner.hpp"

namespace daas {

/// A plan follows from the catalog and from the bytes of the request, of which its token is a part. It is given for the same
/// bytes as long as the catalog is the same; that the token still holds, the caller must see to each time. Thread-safe.
class RememberedPlans {
 public:
  /// Of all that a plan depends on. Empty: the request's plan is not remembered.
  struct Key {
    std::string bytes;
    std::uint64_t hash = 0;
  };

  static Key key(const ServerRequest& request);

  /// Forgets the plans of other catalogs.
  /// @return a plan of this catalog, or one without a plan
  PlannedRead find(const Key& key, const std::shared_ptr<const Catalog>& catalog);
  /// Does it for what was asked for before, with the catalog that was looked for last.
  void keep(Key key, PlannedRead planned);

 private:
  struct Entry {
    std::string bytes;
    PlannedRead planned;
  };
  using Entries = std::unordered_map<std::uint64_t, Entry>;  ///< by hash

  std::mutex mutex_;
  AskedBefore asked_before_;
  Entries entries_;
  std::shared_ptr<const Catalog> catalog_;  ///< of all of them
};

}  // namespace daas
