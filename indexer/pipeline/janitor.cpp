#include "pipeline/janitor.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/log_field.hpp"
#include "pipeline/generation_store.hpp"

namespace daas {
namespace {

/// Of `NAMESPACE.MODEL.gN`; empty for any other name.
std::string model_of(const std::string& name_space, const std::string& collection) {
  const auto prefix = name_space + ".";
  const auto generation = collection.rfind(".g");
  if (!collection.starts_with(prefix) || generation == std::string::npos || generation <= prefix.size()) return {};
  const auto number = std::string_view(collection).substr(generation + 2);
  const auto model = collection.substr(prefix.size(), generation - prefix.size());
  const bool ours = !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos &&
                    model.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  return ours ? model : std::string();
}

}  // namespace

Janitor::Janitor(IndexContext& context, std::function<void()> done)
    : context_(context), done_(std::move(done)), thread_([this] { run(); }) {}

Janitor::~Janitor() {
  interrupt_.raise();
  {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }
  thread_.join();
}

void Janitor::sweep(std::vector<std::string> existing) {
  const std::lock_guard lock(mutex_);
  gone_.insert(existing_.begin(), existing_.end());
  for (const auto& name : existing) gone_.erase(name);
  existing_ = std::move(existing);
  tried_.clear();
  wanted_ = true;
  changed_.notify_all();
}

void Janitor::see(const std::vector<std::string>& collections) {
  const std::lock_guard lock(mutex_);
  for (const auto& collection : collections) {
    const auto model = model_of(context_.name_space, collection);
    // Once: what can't be removed, since someone else's alias names it, stays.
    const bool known = model.empty() || dropping_.contains(model) || tried_.contains(model) ||
                       std::find(existing_.begin(), existing_.end(), model) != existing_.end();
    if (known) continue;
    tried_.insert(model);
    gone_.insert(model);
    wanted_ = true;
    changed_.notify_all();
  }
}

bool Janitor::unfinished() {
  const std::lock_guard lock(mutex_);
  return failed_;
}

bool Janitor::busy_with(const std::string& model) {
  const std::lock_guard lock(mutex_);
  return dropping_.contains(model);
}

void Janitor::run() {
  const LogField epoch("epoch", context_.epoch);
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return wanted_ || interrupt_.raised(); });
    if (interrupt_.raised()) return;
    wanted_ = false;
    const auto existing = existing_;
    lock.unlock();
    bool failed = false;
    try {
      clean(existing);
    } catch (const Error& error) {
      failed = true;
      if (!interrupt_.raised()) spdlog::warn("cannot remove dropped models: {}", error.log_text());
    }
    lock.lock();
    failed_ = failed;
    dropping_.clear();
  }
}

void Janitor::clean(const std::vector<std::string>& existing) {
  SolrAdmin admin(context_.options.solr, &interrupt_.flag());
  std::set<std::string> models;
  for (auto& model : orphaned_models(admin, context_.name_space, context_.owner, existing)) {
    models.insert(std::move(model));
  }
  // Of a first load, or of a drop that was cut short, there is no alias.
  for (auto& model : context_.bookkeeper.models_with_collections()) models.insert(std::move(model));
  {
    const std::lock_guard lock(mutex_);
    models.insert(gone_.begin(), gone_.end());
  }
  for (const auto& model : models) {
    {
      const std::lock_guard lock(mutex_);
      // Defined again since: its worker replaces the old generation.
      if (std::find(existing_.begin(), existing_.end(), model) != existing_.end()) continue;
      dropping_.insert(model);
    }
    const LogField field("model", model);
    try {
      GenerationStore(context_, model, interrupt_, [](const std::string&) {}).drop_all();
      spdlog::info("model {} was dropped: its collections and alias are gone", model);
    } catch (const Error& error) {
      if (error.remedy() != Remedy::kStop || interrupt_.raised()) throw;
      // Not ours.
      spdlog::warn("collections of the dropped model {} stay: {}", model, error.log_text());
    }
    {
      const std::lock_guard lock(mutex_);
      dropping_.erase(model);
      gone_.erase(model);
    }
    done_();
  }
}

}  // namespace daas
