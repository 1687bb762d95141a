// GET /status: what daas.status() says, and what only the daemon knows. docs/operations.md shows one.
#pragma once

#include <optional>
#include <string>

#include "pg/interrupt.hpp"
#include "pipeline/context.hpp"

namespace daas {

/// Made for one answer; asks PostgreSQL on connections of its own, so that it disturbs no run and
/// answers also when none is under way.
class StatusPage {
 public:
  StatusPage(const IndexOptions& options, IndexMetrics& metrics, const Interrupt& interrupt);

  /// The answer, as JSON. May take as long as a query of a model.
  /// @param obstacle why no run is under way; empty when one is
  /// @param exact the model whose rows and documents are counted; empty: none. Nothing is returned
  ///   when there is no such model
  /// @throws Error when PostgreSQL is away
  std::optional<std::string> render(const std::string& obstacle, const std::string& exact);

 private:
  const IndexOptions& options_;
  IndexMetrics& metrics_;
  const Interrupt& interrupt_;
};

}  // namespace daas
