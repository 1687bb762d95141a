#include "pipeline/delta_keys.hpp"

#include <utility>

namespace daas {

void find_affected_keys(SnapshotSession& session, const Model::Delta& delta,
                        const DeltaImages& images, std::size_t most,
                        const std::function<void(std::vector<std::vector<std::string>>)>& take) {
  auto& connection = session.connection();
  connection.run("DECLARE daas_affected NO SCROLL CURSOR FOR " + delta.query, images.parameters());
  const auto fetch = "FETCH " + std::to_string(most) + " FROM daas_affected";
  int found = 0;
  do {
    const auto rows = connection.run(fetch);
    found = rows.rows();
    std::vector<std::vector<std::string>> keys(static_cast<std::size_t>(found));
    for (int row = 0; row < found; ++row) {
      for (int part = 0; part < rows.columns(); ++part) {
        keys[static_cast<std::size_t>(row)].push_back(rows.text(row, part));
      }
    }
    if (found > 0) take(std::move(keys));
  } while (static_cast<std::size_t>(found) == most);
  connection.run("CLOSE daas_affected");
}

}  // namespace daas
