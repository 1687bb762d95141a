// A model's definition, as the extension's tables hold it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/value_type.hpp"

namespace daas {

/// Version of a document: (epoch, batch), one number that Solr compares (design §6, P2).
constexpr int kBatchBits = 40;
constexpr std::int64_t document_version(std::int64_t epoch, std::int64_t batch) {
  return (epoch << kBatchBits) | batch;
}

struct Model {
  struct Source {
    std::uint32_t relation_oid = 0;
    std::string relation;  ///< qualified and quoted, for messages
    std::string name;      ///< what the queries call it, likewise
  };
  /// What a change of a table means for the documents: one for each place in which the query reads it.
  struct Delta {
    enum class Mode {
      kKey,      ///< the values of `columns` are the affected key
      kQuery,    ///< `query` finds the affected keys
      kRefresh,  ///< the model is loaded anew
    };
    std::uint32_t relation_oid = 0;
    Mode mode = Mode::kKey;
    std::vector<std::string> columns;  ///< of the table: those whose old and new values are needed
    std::string query = {};  ///< of $1, $2, …: a text[] per column, with an element per image
  };
  std::string name;
  bool projection = false;  ///< documents come straight from change events
  bool imported = false;    ///< daas is plain SQL: nobody redefines it after a rename
  bool by_outbox = false;   ///< changes come from daas.outbox, not from a slot
  std::vector<Column> columns;
  std::vector<std::size_t> key;  ///< positions in `columns`
  std::string load_query;
  std::string fetch_query;
  std::vector<std::string> functions;  ///< that the query calls and that are not built in
  std::string views = "[]";  ///< daas.model.views: the views that the queries hold, as they were
  std::vector<Source> sources;
  std::vector<Delta> deltas;
  std::int64_t revision = 0;
  std::int64_t defined = 0;  ///< revision since which a generation has these documents
  bool paused = false;
  int shards = 0;    ///< of its collections; 0: the daemon's default
  int replicas = 0;
  std::size_t max_dead_letters = 1000;  ///< documents that Solr may refuse before the model stops
};

/// For hints: loads the model anew.
inline std::string reload_statement(const std::string& model) {
  return "SELECT daas.reload_model('" + model + "')";
}

}  // namespace daas
