#include "pipeline/loader.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <utility>

#include "core/log_field.hpp"
#include "pg/copy_text.hpp"
#include "pipeline/row_document.hpp"

namespace daas {

Loader::Loader(IndexContext& context, const Model& model, DeadLetters& letters, int number,
               RetryObserver observer, std::function<void()> changed)
    : context_(context),
      model_(model),
      letters_(letters),
      number_(number),
      observer_(std::move(observer)),
      changed_(std::move(changed)),
      thread_([this] { run(); }) {}

Loader::~Loader() {
  interrupt_.raise();
  birth_changed_.notify_all();
  thread_.join();
}

std::exception_ptr Loader::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void Loader::enter(Phase phase) {
  phase_ = phase;
  changed_();
}

void Loader::begin(const std::string& exported_snapshot, std::int64_t version, Lsn position,
                   const Interrupt& waiting) {
  std::unique_lock lock(mutex_);
  birth_ = Birth{exported_snapshot, version, position};
  phase_ = Phase::kCopying;
  birth_changed_.notify_all();
  while (!imported_ && !error_) {
    waiting.check();
    birth_changed_.wait_for(lock, std::chrono::milliseconds(100));
  }
}

void Loader::run() {
  const LogField epoch("epoch", context_.epoch);
  const LogField model("model", model_.name);
  const LogField generation("generation", number_);
  try {
    // Before it says that it is ready: whoever is born must be able to connect at once.
    const auto place = context_.loads.take(interrupt_);
    GenerationStore store(context_, model_.name, interrupt_, observer_);
    store.create(number_, model_);
    enter(Phase::kReady);
    Birth birth;
    {
      std::unique_lock lock(mutex_);
      while (!birth_) {
        interrupt_.check();
        birth_changed_.wait_for(lock, std::chrono::milliseconds(100));
      }
      birth = *birth_;
    }
    copy(birth);
    enter(Phase::kDone);
  } catch (...) {
    {
      const std::lock_guard lock(mutex_);
      error_ = std::current_exception();
    }
    birth_changed_.notify_all();
    enter(Phase::kFailed);
  }
}

void Loader::copy(const Birth& birth) {
  Connection connection(context_.options.pg_reader, "daas-indexer load " + model_.name,
                        Session::kReader, &interrupt_);
  connection.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  connection.run("SET TRANSACTION SNAPSHOT '" + birth.snapshot + "'");
  {
    const std::lock_guard lock(mutex_);
    imported_ = true;
  }
  birth_changed_.notify_all();

  const auto started = std::chrono::steady_clock::now();
  GenerationStore store(context_, model_.name, interrupt_, observer_);
  auto& metrics = context_.metrics.model(model_.name);
  Lanes lanes(context_.options.solr, context_.options.lanes, interrupt_, observer_);
  lanes.on_refused = [&](const std::string& collection, std::vector<RefusedDocument> refused) {
    letters_.add(collection, std::move(refused), birth.position);
  };
  lanes.begin({store.collection(number_)});
  RowDocument document(model_);
  CopyTextRow row;
  std::vector<Field> fields;
  connection.copy_out("COPY (" + model_.load_query + ") TO STDOUT", [&](std::string_view line) {
    fields.clear();
    for (const auto& field : row.split(line)) {
      fields.push_back({field.null ? Field::Form::kNull : Field::Form::kText, field.text});
    }
    const auto& id = document.id(fields);
    document.append(lanes.body(id), fields, birth.version);
    lanes.added();
    documents_.fetch_add(1, std::memory_order_relaxed);
    metrics.rows_loaded.Increment();
  });
  lanes.finish();
  connection.run("COMMIT");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  const LogField documents("documents", documents_.load());
  spdlog::info("model {}: generation {} holds {} documents of its birth snapshot, {:.1f} s",
               model_.name, number_, documents_.load(), took.count());
}

}  // namespace daas
