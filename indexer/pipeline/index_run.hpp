// One run of the index role: one epoch, one stream.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "pipeline/capture.hpp"
#include "pipeline/context.hpp"
#include "pipeline/doorbell.hpp"
#include "pipeline/janitor.hpp"
#include "pipeline/model_worker.hpp"
#include "pipeline/solr_watch.hpp"

namespace daas {

/// Owns the threads of a run; all of them end with it. Used by one thread.
class IndexRun {
 public:
  /// @param waiting gets what start() waits for, in words; empty when it runs
  IndexRun(const IndexOptions& options, const Interrupt& interrupt, IndexMetrics& metrics,
           std::function<void(const std::string&)> waiting);
  ~IndexRun();

  /// Returns when the role is stopped; throws what ended the run.
  void run();

 private:
  std::unique_ptr<ReplicationStream> open_stream();
  void ensure_slot(ReplicationStream& stream);
  void prepare_solr();
  /// Makes sure that the namespace is this database's, and begins the epoch.
  void take_namespace();
  void coordinate();
  void follow_definitions();
  void begin_model(Model model);
  /// A reader's "MODEL POSITION", of the channel daas_wanted.
  void want(const std::string& wish);
  /// A model that fell too far behind stops, so that it holds up neither the others nor the slot (P6).
  void leave_behind(const std::string& name);
  void write_reports(bool alive);
  void observe(bool alive);
  void fail(std::exception_ptr error);

  const IndexOptions& options_;
  const Interrupt& interrupt_;
  IndexMetrics& metrics_;
  const std::function<void(const std::string&)> waiting_;
  Doorbell doorbell_;   ///< wakes the coordinator: a failure, an urgent report, the janitor is done
  Interrupt threads_;   ///< ends the capture thread
  std::mutex mutex_;
  std::exception_ptr error_;

  Bookkeeper bookkeeper_;
  Bookkeeper::Identity identity_;
  std::string slot_;
  CommitLog log_;
  ReaderPool readers_;
  LoadPlaces loads_;
  ReportBoard board_;
  std::unique_ptr<IndexContext> context_;
  std::optional<std::string> silent_claim_;  ///< of another copy of the database, which is dead
  std::unique_ptr<SolrWatch> watch_;
  std::unique_ptr<Connection> definitions_;
  std::unique_ptr<Janitor> janitor_;
  std::atomic<bool> cleaned_{false};  ///< the janitor is done with a model, which may wait to begin
  std::map<std::string, std::unique_ptr<ModelWorker>> workers_;
  std::map<std::string, std::int64_t> idle_;  ///< paused or stopped: revision that is at rest
  std::vector<std::string> swept_;  ///< the models that the janitor was told of last
  std::unique_ptr<Capture> capture_;
};

}  // namespace daas
