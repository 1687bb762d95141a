#include "batch/commit_log.hpp"

#include <algorithm>
#include <utility>

#include "core/change_event.hpp"

namespace daas {

CommitLog::CommitLog(std::size_t max_bytes) : max_bytes_(max_bytes) {}

std::unique_ptr<CommitLog::Subscription> CommitLog::subscribe(
    std::string name, std::unordered_set<std::uint32_t> tables) {
  std::unique_ptr<Subscription> subscription(
      new Subscription(*this, std::move(name), std::move(tables)));
  const std::lock_guard lock(mutex_);
  subscribers_.insert(subscription.get());
  return subscription;
}

namespace {

bool concerns(const Commit& commit, const std::unordered_set<std::uint32_t>& tables) {
  if (std::any_of(commit.messages.begin(), commit.messages.end(),
                  [](const auto& message) { return message.prefix == change_event::kDdlPrefix; })) {
    return true;
  }
  return std::any_of(commit.relations.begin(), commit.relations.end(),
                     [&](const auto& relation) { return tables.contains(relation->oid); });
}

}  // namespace

void CommitLog::append(Commit commit) {
  const auto bytes = commit.bytes;
  const auto end = commit.end_lsn;
  // The deleter gives the room back when the last model is done with the commit.
  const SharedCommit shared(new Commit(std::move(commit)), [this, bytes](const Commit* done) {
    delete done;
    release(bytes);
  });
  // Declared before the lock, so that an unwanted commit is freed after the lock is gone:
  // release() takes it again.
  const std::lock_guard lock(mutex_);
  bytes_ += bytes;
  for (auto* const subscriber : subscribers_) {
    if (!concerns(*shared, subscriber->tables_)) continue;
    subscriber->inbox_.push_back(shared);
  }
  decoded_ = std::max(decoded_, end);
  for (auto* const subscriber : subscribers_) subscriber->changed_.notify_all();
}

void CommitLog::advance(Lsn position) {
  const std::lock_guard lock(mutex_);
  if (position <= decoded_) return;
  decoded_ = position;
  for (auto* const subscriber : subscribers_) subscriber->changed_.notify_all();
}

void CommitLog::release(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  bytes_ -= bytes;
  if (bytes_ < max_bytes_) room_.notify_all();
}

bool CommitLog::wait_room(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (bytes_ < max_bytes_) return true;
  writer_waits_ = true;
  for (auto* const subscriber : subscribers_) subscriber->changed_.notify_all();
  const bool room = room_.wait_for(lock, timeout, [&] { return bytes_ < max_bytes_ || closed_; });
  if (room) writer_waits_ = false;
  return room;
}

Lsn CommitLog::confirmable() const {
  const std::lock_guard lock(mutex_);
  Lsn position = decoded_;
  for (const auto* const subscriber : subscribers_) {
    position = std::min(position, subscriber->held_);
    if (!subscriber->inbox_.empty()) {
      position = std::min(position, subscriber->inbox_.front()->lsn);
    }
  }
  return position;
}

Lsn CommitLog::decoded() const {
  const std::lock_guard lock(mutex_);
  return decoded_;
}

std::vector<CommitLog::Backlog> CommitLog::backlog() const {
  std::vector<Backlog> all;
  const std::lock_guard lock(mutex_);
  for (const auto* const subscriber : subscribers_) {
    const auto& inbox = subscriber->inbox_;
    all.push_back({subscriber->name_, inbox.size(), inbox.empty() ? 0 : inbox.front()->time_us});
  }
  return all;
}

std::size_t CommitLog::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::optional<std::string> CommitLog::laggard(std::chrono::steady_clock::time_point now,
                                              std::chrono::milliseconds patience) const {
  const std::lock_guard lock(mutex_);
  if (!writer_waits_ || bytes_ < max_bytes_) return std::nullopt;
  const Subscription* last = nullptr;
  bool others_wait = false;
  for (const auto* const subscriber : subscribers_) {
    // Not who holds the slot: what is worked off but for the disk is in nobody's way.
    if (subscriber->takes_room() && !subscriber->excused_ && now - subscriber->moved_at_ > patience) {
      if (!last || subscriber->moved_at_ < last->moved_at_) last = subscriber;
    } else if (subscriber->inbox_.empty()) {
      others_wait = true;
    }
  }
  if (!last || !others_wait) return std::nullopt;
  return last->name_;
}

void CommitLog::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  room_.notify_all();
  for (auto* const subscriber : subscribers_) subscriber->changed_.notify_all();
}

CommitLog::Subscription::~Subscription() { leave(); }

void CommitLog::Subscription::leave() {
  std::deque<SharedCommit> unread;
  const std::lock_guard lock(log_.mutex_);
  log_.subscribers_.erase(this);
  // `unread` dies after the lock, because release() takes it.
  unread.swap(inbox_);
}

std::vector<SharedCommit> CommitLog::Subscription::take() {
  const std::lock_guard lock(log_.mutex_);
  std::vector<SharedCommit> taken(std::make_move_iterator(inbox_.begin()),
                                  std::make_move_iterator(inbox_.end()));
  inbox_.clear();
  moved_at_ = std::chrono::steady_clock::now();
  std::erase_if(taken_, [](const auto& commit) { return commit.expired(); });
  taken_.insert(taken_.end(), taken.begin(), taken.end());
  if (!taken.empty()) held_ = std::min(held_, taken.front()->lsn);
  return taken;
}

bool CommitLog::Subscription::takes_room() const {
  return !inbox_.empty() || std::any_of(taken_.begin(), taken_.end(), [](const auto& commit) { return !commit.expired(); });
}

void CommitLog::Subscription::hold(Lsn position) {
  const std::lock_guard lock(log_.mutex_);
  held_ = position;
  moved_at_ = std::chrono::steady_clock::now();
}

void CommitLog::Subscription::progress() {
  const std::lock_guard lock(log_.mutex_);
  moved_at_ = std::chrono::steady_clock::now();
}

Progress CommitLog::Subscription::wait_decoded(Lsn position, std::chrono::milliseconds timeout) {
  std::unique_lock lock(log_.mutex_);
  const auto full = [&] { return log_.writer_waits_ && log_.bytes_ >= log_.max_bytes_; };
  changed_.wait_for(lock, timeout,
                    [&] { return log_.decoded_ >= position || log_.closed_ || full(); });
  if (log_.decoded_ >= position) return Progress::kReached;
  if (log_.closed_) return Progress::kClosed;
  return full() ? Progress::kFull : Progress::kTimeout;
}

Progress CommitLog::Subscription::wait_commit(
    std::optional<std::chrono::steady_clock::time_point> deadline) {
  std::unique_lock lock(log_.mutex_);
  const auto ready = [&] { return !inbox_.empty() || woken_ || log_.closed_; };
  if (deadline) {
    changed_.wait_until(lock, *deadline, ready);
  } else {
    changed_.wait(lock, ready);
  }
  if (log_.closed_) return Progress::kClosed;
  if (std::exchange(woken_, false)) return Progress::kWoken;
  return inbox_.empty() ? Progress::kTimeout : Progress::kReached;
}

void CommitLog::Subscription::excuse(bool waits) {
  const std::lock_guard lock(log_.mutex_);
  excused_ = waits;
  // Its time begins again.
  if (!waits) moved_at_ = std::chrono::steady_clock::now();
}

void CommitLog::Subscription::wake() {
  const std::lock_guard lock(log_.mutex_);
  woken_ = true;
  changed_.notify_all();
}

}  // namespace daas
