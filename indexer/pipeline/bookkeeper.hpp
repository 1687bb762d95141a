// What the daemon writes into the database: epoch, progress, generations. Thread-safe: one
// connection behind a mutex, and one for heartbeats, which must not wait for the books. Every method
// throws PgError; those that write, Error(kRetry) when another daemon has begun a newer epoch.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/lsn.hpp"
#include "core/model.hpp"
#include "pg/connection.hpp"
#include "pipeline/namespace_claim.hpp"

namespace daas {

/// One row of daas.generation.
struct GenerationRecord {
  int number = 0;
  std::string collection;
  std::int64_t revision = 0;
  std::string snapshot;  ///< pg_snapshot of its birth
  std::int64_t version = 0;
  bool loaded = false;
  bool live = false;
  int shards = 1;
  std::string tables = {};  ///< as of its birth: BatchDocuments::tables()
};

/// A row of daas.refused_document.
struct LetterRecord {
  std::vector<std::string> key_values;
  std::int64_t version = 0;
  Lsn position = 0;
  std::string error;
  std::optional<std::string> document;
};

enum class ModelState { kWaiting, kLoading, kRunning, kPaused, kStopped };

/// What daas.status() shows of a model.
struct ModelReport {
  ModelState state = ModelState::kWaiting;
  std::string reason;
  std::string hint;
  Lsn captured = 0;
  Lsn visible = 0;
  Lsn durable = 0;
  std::int64_t loaded = -1;     ///< -1: no load runs
  std::int64_t documents = -1;  ///< -1: not counted yet
  std::int64_t revision = 0;

  bool operator==(const ModelReport&) const = default;
};

class Bookkeeper {
 public:
  Bookkeeper(const std::string& conninfo, const Interrupt& interrupt);

  struct Identity {
    std::int64_t system = 0;   ///< cluster
    std::uint32_t database = 0;
    std::uint32_t timeline = 0;  ///< of the server's WAL
    std::string database_name;
    bool plain = false;          ///< installed without the library: see Installation
    /// "system/database": value of the alias property daas.owner.
    std::string owner() const;
  };
  /// Throws with a hint when daas is not installed or of another version.
  Identity identify(const std::string& expected_version);

  enum class SlotState {
    kNone,
    kUsable,
    kLost,  ///< ours, nobody reads it, and PostgreSQL removed WAL that it needed
  };
  /// What the models want to hear of changes by. Without any model: a slot, if server and role allow one.
  struct Captures {
    bool logical = false;
    bool outbox = false;
  };
  Captures captures();
  /// Name of the role, quoted. Throws Error(kRetry), with what to run, when server or role can't
  /// capture changes.
  std::string check_capture(const std::string& plugin);
  /// Throws Error(kRetry), with what to run, when the slot is none of ours, or of another plugin.
  SlotState slot(const std::string& name, const std::string& plugin);
  /// Throws Error(kRetry), with what to run, unless the publication is there and sends every change: pgoutput takes its word.
  void check_publishes_all(const std::string& publication);
  void drop_slot(const std::string& name);
  /// Drops the slot if it is this database's and the plugin's and nobody reads it; whether there was one.
  bool drop_idle_slot(const std::string& name, const std::string& plugin);
  /// Server process that reads the slot, or the outbox; 0: none.
  std::int64_t slot_reader(const std::string& slot);
  std::int64_t outbox_reader();
  /// Changes as long as the daemon of the present epoch is alive, and while one creates the slot.
  std::string sign_of_life();
  /// Ends the session of another daas-indexer, and those that it left in the middle of a transaction.
  void end_silent(std::int64_t pid);
  struct WalState {
    Lsn insert = 0;                    ///< where the server writes
    std::int64_t retained = 0;         ///< bytes of WAL that the slot keeps
    std::optional<std::int64_t> safe;  ///< bytes until the slot is lost; nothing: never
  };
  WalState wal(const std::string& slot);
  /// Who may hold up the creation of a slot or the birth of a generation: "pid 4711, database x,
  /// since …", oldest first; empty when nobody does.
  std::string oldest_transactions();

  /// What the last start left, of this cluster.
  Standing standing();
  /// A new epoch for this start, persisted, higher than every one that Solr knows. Progress rows of
  /// another cluster are removed.
  /// @param slot empty: none
  std::int64_t begin_epoch(const std::string& name_space, const std::string& slot,
                           const Succession& succession);
  /// What the start waits for, for daas.status(); begin_epoch() takes it back.
  void note_obstacle(const std::string& words);
  /// The next beat, persisted: Solr may be told of it.
  std::int64_t beat();
  /// Highest number that next_generation() gave, or that Solr was told of.
  int highest_generation() const { return highest_generation_.load(); }
  /// What was captured so far is lost: every model must be loaded again. Its live generation stays
  /// readable until then.
  void mark_all_stale();
  /// The same, of those that hear of changes by the slot, which is new.
  void mark_slot_models_stale();

  /// Before a collection is asked for; a crash of anybody leaves a name that can be cleaned up.
  void add_collection(const std::string& model, const std::string& collection);
  void remove_collection(const std::string& collection);
  void remove_collections_of(const std::string& model);
  /// The collection has all up to this version on disk, and a mark that says so.
  void mark_durable(const std::string& collection, std::int64_t version);
  /// Of the last mark_durable(); 0: none.
  std::int64_t durable_version(const std::string& collection);
  /// Models that have collections, or may have, also those that were dropped.
  std::vector<std::string> models_with_collections();

  std::vector<GenerationRecord> generations(const std::string& model);
  /// A number that no generation of any model had, and at least this one.
  int next_generation(int at_least);
  void add_generation(const Model& model, const GenerationRecord& generation,
                      const std::string& columns);
  /// Its load is whole: the alias may point at it from now on.
  void mark_loaded(const std::string& model, int number);
  /// `live` becomes the only generation of the model.
  void set_live(const std::string& model, int live);
  /// The live generation no longer follows the changes: at the next start it is rebuilt.
  void mark_stale(const std::string& model);
  void remove_generation(const std::string& model, int number);

  /// The state that the last start left, of this cluster.
  std::optional<ModelReport> progress(const std::string& model);
  /// Reports of models that are being dropped are left out.
  void report(const std::map<std::string, ModelReport>& reports, bool alive);
  /// The model lets go of the slot after this: it is stale until it is loaded anew.
  void report_stopped(const std::string& model, const ModelReport& report);

  // Dead letters (bookkeeper_letters.cpp), by document id.

  /// Adds them, or counts another attempt of those that are there. A generation that is gone has none.
  void add_letters(const std::string& model, const std::string& collection,
                   const std::map<std::string, LetterRecord>& letters);
  void remove_letters(const std::string& model, const std::string& collection,
                      const std::vector<std::string>& keys);
  /// The versions of a generation's letters.
  std::map<std::string, std::int64_t> letters(const std::string& model,
                                              const std::string& collection);
  /// Texts of the key columns of those that someone wants to be tried again.
  std::map<std::string, std::vector<std::string>> letters_to_retry(const std::string& model);
  /// Whose they are.
  std::vector<std::string> models_to_retry();

  /// A transaction id of now: a snapshot whose xmin is at or past it sees the end of everything that
  /// runs now.
  std::uint64_t next_xid();
  /// A transactional message: its commit flushes the WAL and arrives in the stream.
  void heartbeat();

 private:
  /// Runs statements in a transaction of this epoch.
  void change(const std::function<void()>& statements);
  void write(const std::string& model, const ModelReport& report);

  std::mutex mutex_;
  Connection connection_;
  std::mutex heartbeat_mutex_;
  Connection heartbeats_;
  Identity identity_;
  std::int64_t epoch_ = 0;
  std::atomic<int> highest_generation_{0};
};

}  // namespace daas
