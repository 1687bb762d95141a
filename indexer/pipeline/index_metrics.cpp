#include "pipeline/index_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace daas {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::array kCauses{"count", "bytes", "age", "flush", "idle"};
constexpr std::int64_t kPostgresEpoch = 946684800;  // 2000-01-01 in Unix seconds

MetricFamily gauge(const char* name, const char* help) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = MetricType::Gauge;
  return family;
}

void add(MetricFamily& family, double value, const std::string& model = {}) {
  ClientMetric metric;
  metric.gauge.value = value;
  if (!model.empty()) metric.label.push_back({"model", model});
  family.metric.push_back(std::move(metric));
}

std::int64_t since(std::int64_t time) {
  return std::max<std::int64_t>(0, postgres_time_now() - time);
}

double seconds(std::int64_t microseconds) { return static_cast<double>(microseconds) / 1e6; }

constexpr std::chrono::seconds kThroughputOf{10};

}  // namespace

std::int64_t older(std::int64_t a, std::int64_t b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

std::int64_t postgres_time_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count() -
         kPostgresEpoch * 1'000'000;
}

void ModelMetrics::count_batch(std::optional<BatchCause> cause) {
  const auto index = cause ? static_cast<std::size_t>(*cause) : batches.size() - 1;
  batches[index]->Increment();
}

IndexMetrics::IndexMetrics()
    : rows_loaded_(prometheus::BuildCounter()
                       .Name("daas_model_rows_loaded_total")
                       .Help("Rows that loads read and sent to Solr.")
                       .Register(registry_)),
      changes_(prometheus::BuildCounter()
                   .Name("daas_model_changes_total")
                   .Help("Row changes captured for the model.")
                   .Register(registry_)),
      batches_(prometheus::BuildCounter()
                   .Name("daas_model_batches_total")
                   .Help("Batches by what made them due: count, bytes, age, flush (someone waited), "
                         "idle (found at a boundary without work).")
                   .Register(registry_)),
      documents_(prometheus::BuildCounter()
                     .Name("daas_model_documents_total")
                     .Help("Documents and tombstones of batches that Solr acknowledged.")
                     .Register(registry_)),
      refused_(prometheus::BuildCounter()
                   .Name("daas_model_documents_refused_total")
                   .Help("Documents that Solr refused.")
                   .Register(registry_)),
      retries_(prometheus::BuildCounter()
                   .Name("daas_model_retries_total")
                   .Help("Requests to Solr, and batches or loads that failed in PostgreSQL, that "
                         "were tried again.")
                   .Register(registry_)) {}

ModelMetrics& IndexMetrics::model(const std::string& name) {
  const std::lock_guard lock(mutex_);
  auto& entry = models_[name];
  if (!entry) {
    const auto batches = [&](std::size_t cause) {
      return &batches_.Add({{"model", name}, {"cause", kCauses[cause]}});
    };
    entry.reset(new ModelMetrics{
        .rows_loaded = rows_loaded_.Add({{"model", name}}),
        .changes = changes_.Add({{"model", name}}),
        .documents = documents_.Add({{"model", name}}),
        .refused = refused_.Add({{"model", name}}),
        .solr_retries = retries_.Add({{"model", name}, {"of", "solr"}}),
        .postgresql_retries = retries_.Add({{"model", name}, {"of", "postgresql"}}),
        .batches = {batches(0), batches(1), batches(2), batches(3), batches(4)},
        .samples = {}});
  }
  return *entry;
}

void IndexMetrics::forget(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = models_.find(name);
  if (found == models_.end()) return;
  auto& model = *found->second;
  rows_loaded_.Remove(&model.rows_loaded);
  changes_.Remove(&model.changes);
  documents_.Remove(&model.documents);
  refused_.Remove(&model.refused);
  retries_.Remove(&model.solr_retries);
  retries_.Remove(&model.postgresql_retries);
  for (auto* const batches : model.batches) batches_.Remove(batches);
  models_.erase(found);
}

void IndexMetrics::set_wal(const Bookkeeper::WalState& wal) {
  const std::lock_guard lock(mutex_);
  wal_ = wal;
}

std::vector<MetricFamily> IndexMetrics::collect() {
  auto families = registry_.Collect();
  add_positions(families);
  return families;
}

std::int64_t IndexMetrics::lag_of(const ModelMetrics& model) const {
  const auto oldest = epoch_ == 0 || !model.follows ? model.visible_at.load()
                                                    : older(model.oldest_taken, model.oldest_queued);
  return oldest == 0 ? 0 : since(oldest);
}

ModelMetrics::Sample ModelMetrics::sample() const {
  return {std::chrono::steady_clock::now(), rows_loaded.Value(), changes.Value(), documents.Value()};
}

void IndexMetrics::sample() {
  const std::lock_guard lock(mutex_);
  for (auto& [name, model] : models_) {
    model->samples.push_back(model->sample());
    while (model->samples.back().at - model->samples.front().at > kThroughputOf) {
      model->samples.pop_front();
    }
  }
}

std::map<std::string, ModelFigures> IndexMetrics::figures() {
  const std::lock_guard lock(mutex_);
  std::map<std::string, ModelFigures> all;
  for (const auto& [name, model] : models_) {
    ModelFigures figures;
    const auto now = model->sample();
    figures.rows_loaded = static_cast<std::int64_t>(now.rows_loaded);
    figures.changes = static_cast<std::int64_t>(now.changes);
    figures.documents = static_cast<std::int64_t>(now.documents);
    figures.refused = static_cast<std::int64_t>(model->refused.Value());
    if (!model->samples.empty()) {
      const auto& then = model->samples.front();
      const auto time = std::chrono::duration<double>(now.at - then.at).count();
      const auto rate = [time](double more) { return time > 0 ? std::round(more / time) : 0; };
      figures.rows_loaded_rate = rate(now.rows_loaded - then.rows_loaded);
      figures.changes_rate = rate(now.changes - then.changes);
      figures.documents_rate = rate(now.documents - then.documents);
    }
    figures.lag_us = lag_of(*model);
    figures.visible_age_us = model->visible_at == 0 ? 0 : since(model->visible_at);
    figures.captured = model->captured;
    figures.captured_at = model->captured_at;
    figures.shown = model->shown;
    figures.shown_at = model->shown_at;
    all[name] = figures;
  }
  return all;
}

void IndexMetrics::add_positions(std::vector<MetricFamily>& families) {
  const std::lock_guard lock(mutex_);
  auto running = gauge("daas_index_epoch", "Epoch of the run under way; 0 while there is none.");
  add(running, static_cast<double>(epoch_.load()));
  auto queue = gauge("daas_queue_bytes", "Decoded changes in memory.");
  add(queue, static_cast<double>(queue_bytes_.load()));
  auto retained = gauge("daas_wal_retained_bytes", "WAL that the replication slot keeps.");
  add(retained, static_cast<double>(wal_.retained));
  families.insert(families.end(), {running, queue, retained});
  if (wal_.safe) {
    auto safe = gauge("daas_wal_safe_bytes",
                      "WAL that may still be written before the slot is lost "
                      "(max_slot_wal_keep_size); absent when there is no limit.");
    add(safe, static_cast<double>(*wal_.safe));
    families.push_back(std::move(safe));
  }
  auto queued = gauge("daas_model_commits_queued", "Decoded commits that are in no batch yet.");
  auto bytes = gauge("daas_model_lag_bytes", "WAL written since the visible position, of all tables.");
  auto lag = gauge("daas_model_lag_seconds",
                   "Age of the oldest captured commit that readers do not see; 0 when they see all. "
                   "While no run is under way: time since the visible position.");
  auto age = gauge("daas_model_visible_age_seconds",
                   "Time since the visible position was the end of the WAL; some seconds when idle.");
  auto letters = gauge("daas_model_dead_letters",
                       "Documents that Solr refused and that readers do not see.");
  for (const auto& [name, model] : models_) {
    add(letters, static_cast<double>(model->dead_letters), name);
    add(queued, static_cast<double>(model->taken + model->queued), name);
    const auto visible = model->visible.load();
    const auto visible_at = model->visible_at.load();
    if (visible == 0) continue;
    add(bytes, wal_.insert > visible ? static_cast<double>(wal_.insert - visible) : 0, name);
    add(age, seconds(since(visible_at)), name);
    add(lag, seconds(lag_of(*model)), name);
  }
  families.insert(families.end(), {queued, bytes, lag, age, letters});
}

}  // namespace daas
