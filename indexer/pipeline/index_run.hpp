// One run of the index role: one epoch.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/capture.hpp"
#include "pipeline/context.hpp"
#include "pipeline/doorbell.hpp"
#include "pipeline/janitor.hpp"
#include "pipeline/model_worker.hpp"
#include "pipeline/outbox_source.hpp"
#include "pipeline/slot_source.hpp"
#include "pipeline/solr_watch.hpp"

namespace daas {

/// Changes come from a slot, from the outbox, or from both, as the models want it.
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
  /// Opens the sources that the models want; waits while another daemon has one.
  void open_sources();
  std::unique_ptr<ReplicationStream> open_stream();
  /// Waits a while for the daemon whose server process has what we want, and ends its sessions when it hangs.
  void stand_by(std::int64_t pid, const std::string& why);
  /// False while another daemon reads the outbox.
  bool open_outbox();
  /// What is to be done on server or role before anything can be decoded.
  std::optional<Error> decoding_obstacle();
  /// For the first model that wants it: false when that must wait, which its report says. A slot takes a new run.
  bool open_slot_late(const Model& model);
  bool open_outbox_late(const Model& model);
  void report_waiting(const Model& model, const std::string& why, const std::string& hint);
  /// Reads the sources that are open and not read yet: every model that goes on has subscribed.
  void start_captures();
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
  Interrupt threads_;   ///< ends the capture threads
  std::mutex mutex_;
  std::exception_ptr error_;

  Bookkeeper bookkeeper_;
  Bookkeeper::Identity identity_;
  std::string slot_;
  Feed slot_feed_;
  Feed outbox_feed_;
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
  /// The daemon that is stood by for.
  struct Holder {
    std::int64_t pid = 0;
    std::string sign;
    std::chrono::steady_clock::time_point since{};  ///< that it has been silent
  };
  Holder holder_;
  std::shared_ptr<SlotSource> slot_source_;      ///< null: no model wants it
  std::shared_ptr<OutboxSource> outbox_source_;  ///< null: no model wants it
  std::unique_ptr<Capture> slot_capture_;
  std::unique_ptr<Capture> outbox_capture_;
};

}  // namespace daas
