// Runs a delta query on a batch's snapshot: from images of changed rows to the keys of the documents
// that they may have changed.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/model.hpp"
#include "pipeline/delta_images.hpp"
#include "pipeline/snapshot_session.hpp"

namespace daas {

/// Calls `take` with the texts of each affected key's columns; up to `most` keys are in memory at a
/// time, however many there are. `take` may use the session.
void find_affected_keys(SnapshotSession& session, const Model::Delta& delta,
                        const DeltaImages& images, int most,
                        const std::function<void(std::vector<std::vector<std::string>>)>& take);

}  // namespace daas
