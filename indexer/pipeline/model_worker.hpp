// Keeps one model's collection equal to its query: batches, loads, visibility, durability.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "batch/commit_log.hpp"
#include "batch/rule.hpp"
#include "core/backoff.hpp"
#include "core/model.hpp"
#include "pipeline/batch_documents.hpp"
#include "pipeline/context.hpp"
#include "pipeline/dead_letters.hpp"
#include "pipeline/generation_store.hpp"
#include "pipeline/loader.hpp"
#include "pipeline/snapshot_session.hpp"
#include "pipeline/solr_watch.hpp"

namespace daas {

/// One thread. Rules P1 to P6 of the design live here; docs/delivery.md explains them.
/// Invariants:
///  - a searcher of the live generation is opened only between batches, when every document of the
///    last one is acknowledged;
///  - commits are released to the slot only after a hard commit that no restart of Solr voided, or
///    when the database says that the live generation must be rebuilt anyway;
///  - "stopped" is written to the database before the model lets go of the slot;
///  - a batch that fails is done again, as part of a later one, before anything of it is shown.
class ModelWorker {
 public:
  /// Subscribes at once, so that nothing decoded after the constructor is missed.
  /// @param replayed the stream will bring everything that was not confirmed, so that a live
  ///   generation can follow on; otherwise what came before is missed and it stands still
  ModelWorker(IndexContext& context, Model model, bool replayed);
  /// Ends the thread; the model's state in Solr is left as it is.
  ~ModelWorker();

  void start();
  /// Asks the thread to end, without waiting for it.
  void end();
  /// The thread has ended by itself: the model is stopped, or the run is ending.
  bool ended() const { return ended_.load(); }
  /// Loads a new generation of the same definition; the live one follows the changes until then.
  void reload(std::int64_t revision);
  /// Sends dead letters again that someone asked for.
  void retry_letters();
  /// A reader waits for what was committed up to this position: it becomes visible as soon as can be.
  void want(Lsn position);
  /// Compares what is there with what this model works on, and has it look closer when something is
  /// amiss. From another thread.
  void compare(const SolrSighting& seen);

  const Model& model() const { return model_; }
  /// Of the definition, or of the last reload() that was asked for.
  std::int64_t revision() const { return revision_.load(); }

 private:
  using TimePoint = Clock::time_point;
  static constexpr std::chrono::milliseconds kSearcherInterval{250};  ///< under continuous load
  /// Between two looks at the tables of an idle model where nobody tells of DDL.
  static constexpr std::chrono::seconds kIdleLook{5};
  /// What lose_live() says of a collection that GenerationStore::went_back() speaks of.
  static constexpr const char* kWentBack =
      " lost documents that were on disk: the disk was lost or restored, or a replica that was behind "
      "leads";

  struct Generation {
    int number = 0;
    Snapshot birth;
    std::string incarnation;
    bool follows = true;  ///< takes batches; false: frozen until a new one replaces it
    Lsn position = 0;      ///< of the last whole batch, when it was frozen during its load
    std::string snapshot = {};
    std::string tables = {};  ///< as of its birth: BatchDocuments::tables()
  };

  void run();
  void work();
  void connect();
  void settle();
  void step();
  /// Waits before the next try; throws when the model has failed for too long.
  void put_off(const Error& error);
  void start_load();
  void discard_load(const std::string& why);
  /// Throws the load away when it failed for a cause that may pass.
  void check_load();
  /// Looks whether alias and collections are still there, and puts right what can be.
  void inspect();
  /// Whether the error may be of DDL whose message is still to come: then the batch with it tells more.
  bool awaits_ddl(const Error& error, bool& awaited);
  /// Readers are refused until a new generation is live.
  /// @param what was done to its collection
  void lose_live(const std::string& what);
  std::optional<TimePoint> next_deadline(TimePoint now) const;
  bool boundary_due(TimePoint now) const;
  /// Whether a reader waits for more than readers see.
  bool is_awaited() const;
  /// Time to the next boundary when nothing comes in.
  std::chrono::milliseconds idle_boundary() const;

  void absorb();
  bool drain(Lsn horizon);
  void boundary();
  /// Builds and sends the documents of the pending commits that the snapshot sees; false when it
  /// sees none of them.
  bool take_batch(SnapshotSession& session);
  /// Chooses the generations that take batches, for sent_to_.
  void choose_targets();
  /// What is added from now on goes to the generations of sent_to_, and some of it may be in Solr.
  /// @param held the slot must not pass this before it is durable
  void begin_sending(Lsn held);
  /// Adds dead letters that someone wants to be tried again, as the snapshot sees their rows.
  void send_letters(SnapshotSession& session);
  /// Waits until Solr has acknowledged all of the batch.
  void finish_batch();
  /// What was taken for a batch that failed is pending again.
  void give_back();
  void apply_findings(const BatchDocuments::Findings& findings, SnapshotSession& session);
  /// A load that would be begun anew with each such change would never end: what is being loaded stays
  /// as it was before this batch, becomes live, and the next load begins.
  void freeze_load();
  /// Where nobody tells all of DDL, looks at the tables as of the snapshot.
  void look_at_tables(SnapshotSession& session, BatchDocuments::Findings& findings);
  void give_birth(SnapshotSession& session);
  void switch_over(std::int64_t expected);
  void open_searcher();
  /// Throws Error(kRestart) when what the live generation was sent may be lost.
  void check_incarnation();
  void make_durable();
  void release();

  void report(bool at_once);
  void set_visible(Lsn position);
  void count_documents();
  /// Tells the metrics how far behind the model is.
  void observe();
  void stop_model(const Error& error);

  IndexContext& context_;
  const Model model_;
  Feed& feed_;
  ModelMetrics& metrics_;
  const bool replayed_;
  std::atomic<std::int64_t> revision_;
  std::atomic<bool> reload_asked_{false};
  std::atomic<bool> retry_asked_{false};
  std::atomic<Lsn> wanted_{0};  ///< the highest position that a reader waits for
  std::atomic<Lsn> batch_began_{0};  ///< G of the batch under way
  std::atomic<bool> inspection_asked_{false};
  std::atomic<int> shown_live_{0};  ///< numbers of the generations, for compare(); 0: none
  std::atomic<int> shown_next_{0};
  std::string seen_cores_;  ///< of the live generation, when compare() was called last
  std::atomic<bool> ended_{false};
  Interrupt interrupt_;
  std::unique_ptr<CommitLog::Subscription> subscription_;
  DeadLetters letters_;
  std::thread thread_;

  // The rest belongs to the thread.
  std::optional<GenerationStore> store_;
  std::optional<Lanes> lanes_;
  BatchDocuments documents_;
  BatchRule rule_;
  std::deque<SharedCommit> pending_;
  std::vector<SharedCommit> members_;  ///< of the batch under way
  bool sending_ = false;               ///< the batch under way has documents
  bool in_parts_ = false;              ///< the boundary under way works off a long backlog
  std::size_t batch_written_ = 0;      ///< documents of the batch under way
  bool half_sent_ = false;             ///< some of a batch may be in Solr, not all: nothing may show
  std::optional<Generation> live_;
  std::optional<Generation> next_;   ///< born, being loaded
  std::unique_ptr<Loader> load_;
  std::uint64_t fence_ = 0;          ///< a birth snapshot's xmin must have reached it
  bool load_wanted_ = false;
  std::string load_cause_;
  bool batch_awaited_ddl_ = false;   ///< since the last whole batch
  bool load_awaited_ddl_ = false;    ///< since the last load was done
  std::string load_failure_;         ///< of the last one, while it is tried again
  TimePoint load_at_{};              ///< not before: the last one failed
  Backoff load_backoff_;
  TimePoint looked_at_{};
  bool shape_unchecked_ = false;     ///< after DDL that came while nothing followed the changes
  bool mismatched_ = false;          ///< the count of the load was wrong at the last boundary

  std::pair<Lsn, std::int64_t> sent_last_{0, 0};  ///< last commit of the last batch, and its time
  std::vector<int> sent_to_;             ///< generations that got the batch under way
  std::optional<Lsn> oldest_undurable_;  ///< of the commits sent since the last hard commit
  bool unopened_ = false;                ///< acknowledged documents that no searcher shows yet
  /// Idle boundaries that open a searcher all the same: a core that has just started may ignore a
  /// commit without a word. Solr does nothing when the first one worked.
  static constexpr int kReopenings = 3;
  int reopenings_ = kReopenings;
  Lsn shown_position_ = 0;               ///< of the searcher that was opened last
  Lsn batch_position_ = 0;               ///< G of the last whole batch
  std::string batch_snapshot_;           ///< S of it
  std::int64_t batch_time_ = 0;          ///< when G was read, for the metrics
  std::int64_t oldest_unopened_ = 0;     ///< commit time of the first commit that no searcher shows
  std::optional<BatchCause> cause_;      ///< of the batch under way
  TimePoint opened_at_{};
  TimePoint durable_at_{};
  TimePoint boundary_at_{};
  TimePoint counted_at_{};
  bool counted_ = false;                 ///< report_.documents is what the searcher shows
  bool settled_ = false;                 ///< the last boundary had nothing to do
  std::optional<TimePoint> failing_since_;
  Backoff backoff_;
  ModelReport report_;

  std::mutex reported_mutex_;  ///< of these two, which lane threads touch
  std::string retrying_;       ///< what a request waits out; empty when none does
  ModelReport reported_;       ///< what the board got last
};

}  // namespace daas
