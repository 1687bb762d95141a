// The one place where an API's scope and a token's claims become filters. Pure; denies by default.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

#include "serve/api.hpp"

namespace daas {

/// Stands between the values of a scope filter; a claim that contains it is denied, or one value
/// could pass for two.
constexpr char kScopeSeparator = '\x1F';

/// One scope pair, ready for Solr: documents whose `field` has one of `values` may be seen.
struct ScopeFilter {
  std::string field;                ///< of Solr
  std::vector<std::string> values;  ///< typed twins: never empty, none of them empty
};

struct ScopeDenial {
  std::string claim;   ///< the claim that is to blame
  std::string reason;  ///< without the claim's value
};

/// One filter per scope pair, or a denial: there is no third case. Denied are a claim that is
/// missing, null, empty, nested, of a JSON type that doesn't fit the column, not a value of the
/// column's type, too long or too many, and a scope column that this generation can't filter by.
///
/// | column             | claim value                          |
/// |--------------------|--------------------------------------|
/// | text, varchar      | string, whole number                 |
/// | smallint … bigint  | whole number, string                 |
/// | uuid               | string                               |
/// | boolean            | true, false, string                  |
///
/// A claim is one such value or an array of them.
std::variant<std::vector<ScopeFilter>, ScopeDenial> scope_filters(const Api& api,
                                                                  const nlohmann::json& claims);

}  // namespace daas
