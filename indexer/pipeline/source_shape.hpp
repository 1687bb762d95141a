// Whether a model's table is still what the model was defined over.
#pragma once

#include "core/model.hpp"
#include "pipeline/snapshot_session.hpp"

namespace daas {

/// Throws Error(kStop), naming what changed and what to run, when a table's columns, types or key are
/// no longer those of the definition, when its changes no longer reach the stream, or when the query
/// no longer runs.
/// @param plugin of the stream: pgoutput's has what the publication publishes
void check_shape(const Model& model, SnapshotSession& session, const std::string& plugin);

}  // namespace daas
