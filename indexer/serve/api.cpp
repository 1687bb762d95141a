#include "serve/api.hpp"

#include <algorithm>

namespace daas {

const Column* Api::column(std::string_view name) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const Column& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

bool Api::may_read(std::string_view name) const {
  return std::find(fields.begin(), fields.end(), name) != fields.end();
}

bool Api::may_filter(std::string_view name) const {
  return std::find(filters.begin(), filters.end(), name) != filters.end();
}

const Api* Catalog::find(const std::string& path) const {
  const auto found = apis.find(path);
  return found == apis.end() ? nullptr : &found->second;
}

Refusal no_such_api(const std::string& path) {
  return Refusal(404, "PGRST205", "Could not find the API '" + path + "'", {},
                 "see the view daas.served_api, or create it: SELECT daas.create_api('" + path + "', …)");
}

Refusal not_loaded(const Api& api) {
  return unavailable("the API " + api.path + " is not loaded yet", "its first load is not done; see SELECT * FROM daas.status()");
}

}  // namespace daas
