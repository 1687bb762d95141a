// Keeps one model's collection equal to its query: batches, loads, visibility, durability.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "batch/commit_log.hpp"
#include "batch/rule.hpp"
#include "core/model.hpp"
#include "pipeline/batch_documents.hpp"
#include "pipeline/context.hpp"
#include "pipeline/generation_store.hpp"
#include "pipeline/loader.hpp"
#include "pipeline/snapshot_session.hpp"

namespace daas {

/// One thread. Rules P1 to P6 of the design live here; docs/delivery.md explains them.
/// Invariants:
///  - a searcher of the live generation is opened only between batches, when every document of the
///    last one is acknowledged;
///  - commits are released to the slot only after a hard commit that no restart of Solr voided, or
///    when the database says that the live generation must be rebuilt anyway;
///  - "stopped" is written to the database before the model lets go of the slot.
class ModelWorker {
 public:
  /// Subscribes at once, so that nothing decoded after the constructor is missed.
  ModelWorker(IndexContext& context, Model model);
  /// Ends the thread; the model's state in Solr is left as it is.
  ~ModelWorker();

  void start();
  /// Asks the thread to end, without waiting for it.
  void end();
  const Model& model() const { return model_; }

 private:
  using TimePoint = Clock::time_point;
  static constexpr std::chrono::milliseconds kSearcherInterval{250};  ///< under continuous load

  struct Generation {
    int number = 0;
    Snapshot birth;
    std::string incarnation;
    bool follows = true;  ///< takes batches; false: frozen until a new one replaces it
  };

  void run();
  void work();
  void settle();
  void start_load();
  void discard_load(const std::string& why);
  std::optional<TimePoint> next_deadline(TimePoint now) const;
  bool boundary_due(TimePoint now) const;
  /// Time to the next boundary when nothing comes in.
  std::chrono::milliseconds idle_boundary() const;

  void absorb();
  bool drain(Lsn horizon);
  void boundary();
  /// Builds and sends the documents of the pending commits that the snapshot sees; false when it
  /// sees none of them.
  bool take_batch(SnapshotSession& session);
  void apply_findings(const BatchDocuments::Findings& findings, SnapshotSession& session);
  void give_birth(SnapshotSession& session);
  void switch_over(std::int64_t expected, Lsn position);
  void open_searcher();
  void make_durable();
  void release();

  void report(bool at_once);
  void stop_model(const Error& error);

  IndexContext& context_;
  const Model model_;
  Interrupt interrupt_;
  std::unique_ptr<CommitLog::Subscription> subscription_;
  std::thread thread_;

  // The rest belongs to the thread.
  std::optional<GenerationStore> store_;
  std::optional<Lanes> lanes_;
  BatchDocuments documents_;
  BatchRule rule_;
  std::deque<SharedCommit> pending_;
  std::optional<Generation> live_;
  std::optional<Generation> next_;   ///< born, being loaded
  std::unique_ptr<Loader> load_;
  std::uint64_t fence_ = 0;          ///< a birth snapshot's xmin must have reached it
  std::string load_cause_;
  bool mismatched_ = false;          ///< the count of the load was wrong at the last boundary

  std::vector<int> sent_to_;             ///< generations that got the batch under way
  std::optional<Lsn> oldest_undurable_;  ///< of the commits sent since the last hard commit
  bool unopened_ = false;                ///< acknowledged documents that no searcher shows yet
  /// Idle boundaries that open a searcher all the same: a core that has just started may ignore a
  /// commit without a word. Solr does nothing when the first one worked.
  static constexpr int kReopenings = 3;
  int reopenings_ = kReopenings;
  Lsn batch_position_ = 0;               ///< G of the last whole batch
  TimePoint opened_at_{};
  TimePoint durable_at_{};
  TimePoint boundary_at_{};
  bool settled_ = false;                 ///< the last boundary had nothing to do
  ModelReport report_;

  std::mutex reported_mutex_;  ///< of these two, which lane threads touch
  std::string retrying_;       ///< what a request waits out; empty when none does
  ModelReport reported_;       ///< what the board got last
};

}  // namespace daas
