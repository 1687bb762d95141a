// What the serving role knows of one REST resource. Values, no I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/value_type.hpp"
#include "serve/refusal.hpp"
#include "serve/write_target.hpp"

namespace daas {

/// One published API, as the view daas.served_api shows it.
struct Api {
  /// A document column that is confined to the values of a token claim.
  struct ScopePair {
    std::string column;
    std::string claim;
  };

  std::string path;
  std::string model;
  std::string collection;  ///< physical collection of the live generation; empty until the first
                           ///< load is done
  std::vector<Column> columns;       ///< of that generation, in the order of the document text
  std::vector<std::string> fields;   ///< columns that may leave
  std::vector<std::string> filters;  ///< columns that may be filtered and ordered by
  std::vector<ScopePair> scope;
  bool is_public = false;
  std::uint64_t max_rows = 1000;
  std::int64_t generation = 0;
  int shards = 1;  ///< of the collection
  std::optional<WriteTarget> target;  ///< nothing: it can only be read

  /// The generation's column of that name, or null.
  const Column* column(std::string_view name) const;
  bool may_read(std::string_view name) const;
  bool may_filter(std::string_view name) const;
};

/// Every published API at one moment. Immutable once shared.
struct Catalog {
  std::unordered_map<std::string, Api> apis;  ///< by path

  const Api* find(const std::string& path) const;
};

/// The 404 of an API that is not published.
Refusal no_such_api(const std::string& path);
/// The 503 of an API without a live collection.
Refusal not_loaded(const Api& api);

}  // namespace daas
