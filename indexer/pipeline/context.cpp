#include "pipeline/context.hpp"

#include <utility>

namespace daas {

ReaderPool::ReaderPool(std::string conninfo, std::size_t size)
    : conninfo_(std::move(conninfo)), size_(size) {}

ReaderPool::Lease::Lease(ReaderPool& pool, std::unique_ptr<Connection> connection)
    : pool_(pool), connection_(std::move(connection)) {}

ReaderPool::Lease::~Lease() {
  connection_->watch(nullptr);
  const std::lock_guard lock(pool_.mutex_);
  --pool_.borrowed_;
  if (keep_) pool_.idle_.push_back(std::move(connection_));
  pool_.free_.notify_one();
}

std::unique_ptr<ReaderPool::Lease> ReaderPool::borrow(const Interrupt& interrupt) {
  std::unique_ptr<Connection> connection;
  {
    std::unique_lock lock(mutex_);
    while (borrowed_ >= size_) {
      interrupt.check();
      free_.wait_for(lock, std::chrono::milliseconds(100));
    }
    ++borrowed_;
    if (!idle_.empty()) {
      connection = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  try {
    if (connection) {
      connection->watch(&interrupt);
    } else {
      connection =
          std::make_unique<Connection>(conninfo_, "daas-indexer reader", Session::kReader, &interrupt);
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    --borrowed_;
    free_.notify_one();
    throw;
  }
  return std::make_unique<Lease>(*this, std::move(connection));
}

std::string default_namespace(const std::string& database) {
  std::string name;
  for (const unsigned char c : database) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    name += plain ? static_cast<char>(c)
                  : (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : '_';
  }
  return name;
}

std::unique_ptr<LoadPlaces::Place> LoadPlaces::take(const Interrupt& interrupt) {
  while (!free_.try_acquire_for(std::chrono::milliseconds(100))) interrupt.check();
  return std::make_unique<Place>(*this);
}

void ReportBoard::set(const std::string& model, const ModelReport& report, bool at_once) {
  {
    const std::lock_guard lock(mutex_);
    changed_[model] = report;
  }
  if (at_once) {
    urgent_ = true;
    on_urgent();
  }
}

void ReportBoard::remove(const std::string& model) {
  const std::lock_guard lock(mutex_);
  changed_.erase(model);
}

std::map<std::string, ModelReport> ReportBoard::take_changed() {
  const std::lock_guard lock(mutex_);
  urgent_ = false;
  return std::exchange(changed_, {});
}

void ReportBoard::put_back(const std::map<std::string, ModelReport>& reports) {
  const std::lock_guard lock(mutex_);
  changed_.insert(reports.begin(), reports.end());
}

}  // namespace daas
