#include "pipeline/delta_keys.hpp"

#include <utility>

#include "pg/cursor.hpp"

namespace daas {

void find_affected_keys(SnapshotSession& session, const Model::Delta& delta,
                        const DeltaImages& images, int most,
                        const std::function<void(std::vector<std::vector<std::string>>)>& take) {
  read_in_parts(session.connection(), "daas_affected", delta.query, images.parameters(), most,
                [&](const Result& rows) {
                  std::vector<std::vector<std::string>> keys(static_cast<std::size_t>(rows.rows()));
                  for (int row = 0; row < rows.rows(); ++row) {
                    for (int part = 0; part < rows.columns(); ++part) {
                      keys[static_cast<std::size_t>(row)].push_back(rows.text(row, part));
                    }
                  }
                  take(std::move(keys));
                });
}

}  // namespace daas
