// A model's batches: what a boundary does, visibility and durability (P1, P3, P5).
#include <algorithm>
#include <iterator>
#include <utility>

#include "pipeline/model_worker.hpp"

namespace daas {
namespace {

using std::chrono::milliseconds;

std::size_t changes_of(const Commit& commit) {
  return std::max<std::size_t>(1, commit.change_count);
}

}  // namespace

void ModelWorker::absorb() {
  for (auto& commit : subscription_->take()) {
    rule_.add(changes_of(*commit), commit->bytes, Clock::now());
    metrics_.changes.Increment(static_cast<double>(commit->change_count));
    metrics_.captured_at = commit->time_us;
    metrics_.captured = commit->lsn;
    pending_.push_back(std::move(commit));
  }
  observe();
}

void ModelWorker::give_back() {
  std::deque<SharedCommit> all;
  // Both are in the order of the stream, and so must the next batch be.
  std::merge(members_.begin(), members_.end(), pending_.begin(), pending_.end(),
             std::back_inserter(all),
             [](const auto& a, const auto& b) { return a->lsn < b->lsn; });
  pending_ = std::move(all);
  if (!members_.empty()) rule_.flush();
  members_.clear();
}

bool ModelWorker::drain(Lsn horizon) {
  bool hurried = false;
  while (true) {
    absorb();
    switch (subscription_->wait_decoded(horizon, hurried ? milliseconds(500) : feed_.patience)) {
      case Progress::kReached:
        absorb();
        return true;
      case Progress::kFull:
        absorb();
        return false;
      case Progress::kClosed:
        throw Interrupted();
      default:
        break;
    }
    interrupt_.check();
    if (!std::exchange(hurried, true)) feed_.hurry();
  }
}

void ModelWorker::boundary() {
  cause_ = rule_.due(Clock::now());
  // On an idle database nothing else moves the position past the one that is waited for.
  const bool awaited = is_awaited();
  Lsn wish = wanted_;
  if (awaited) context_.bookkeeper.heartbeat();
  auto session = std::make_unique<SnapshotSession>(context_.readers, interrupt_);
  // A backlog larger than the queue goes in chunks: each is a batch of its own, and no searcher
  // opens before the last one (design §6, P5).
  in_parts_ = false;
  while (!drain(session->after())) {
    in_parts_ = true;
    if (take_batch(*session)) {
      finish_batch();
      if (oldest_undurable_) make_durable();
      release();
      continue;
    }
    // Other models fill the queue, or a commit that this snapshot will never see. Both need what we
    // hold: they the connection, it a newer snapshot.
    session->finish();
    session.reset();
    subscription_->wait_commit(Clock::now() + milliseconds(20));
    interrupt_.check();
    session = std::make_unique<SnapshotSession>(context_.readers, interrupt_);
  }
  take_batch(*session);
  send_letters(*session);
  const bool loaded = load_ && load_->phase() == Loader::Phase::kDone && next_;
  const auto expected = loaded && next_->follows ? session->count(model_.load_query) : 0;
  if (load_ && load_->phase() == Loader::Phase::kReady) give_birth(*session);
  session->finish();
  finish_batch();

  boundary_at_ = Clock::now();
  settled_ = sent_to_.empty();
  if (!settled_) {
    reopenings_ = kReopenings;
  } else if (reopenings_ > 0 && live_ && live_->follows) {
    --reopenings_;
    unopened_ = true;
  }
  batch_position_ = session->before();
  batch_snapshot_ = session->snapshot_text();
  batch_time_ = postgres_time_now();
  report_.captured = feed_.log.decoded();
  rule_.taken(pending_.size(), Clock::now());
  if (loaded && next_) switch_over(expected);
  // One that is still not passed is of a future that may never come.
  if (awaited && wish >= batch_position_) wanted_.compare_exchange_strong(wish, 0);
  unopened_ |= awaited && live_ && live_->follows;
  if (!unopened_) {
    if (live_ && live_->follows) set_visible(batch_position_);
  } else {
    absorb();
    const bool due = Clock::now() - opened_at_ >= kSearcherInterval;
    if (awaited || due || !rule_.due(Clock::now())) open_searcher();
  }
  if (!oldest_undurable_) {
    if (live_ && live_->follows) report_.durable = batch_position_;
    release();
  }
}

void ModelWorker::finish_batch() {
  metrics_.documents.Increment(static_cast<double>(lanes_->finish()));
  batch_written_ = 0;
  letters_.settle([this](const std::string& collection, const std::vector<std::string>& ids) {
    return store_->versions(collection, ids);
  });
  if (!members_.empty()) {
    metrics_.count_batch(cause_);
    sent_last_ = {members_.back()->lsn, members_.back()->time_us};
    batch_awaited_ddl_ = false;
  }
  half_sent_ = false;
  members_.clear();
  if (std::exchange(failing_since_, std::nullopt)) report_.reason.clear();
}

bool ModelWorker::take_batch(SnapshotSession& session) {
  batch_began_ = session.before();
  std::deque<SharedCommit> rest;
  for (auto& commit : pending_) {
    if (!session.snapshot().sees(commit->xid)) {
      rest.push_back(std::move(commit));
    } else if (!live_ || !live_->birth.sees(commit->xid)) {
      members_.push_back(std::move(commit));
    }
  }
  const bool took = rest.size() < pending_.size();
  pending_ = std::move(rest);
  sent_to_.clear();
  sending_ = false;
  lanes_->begin({});
  const bool follows = (live_ && live_->follows) || (next_ && next_->follows);
  auto findings = documents_.find(members_);
  if (follows && (!context_.told_of_ddl || (model_.imported && findings.check_shape))) look_at_tables(session, findings);
  shape_unchecked_ |= findings.check_shape;
  // With nobody to take the documents, the commits mean nothing: the generation that will be born
  // sees them. They may even be of a shape that the definition no longer fits.
  if (!follows) return took;
  if (members_.empty() && !findings.check_shape) return took;
  apply_findings(findings, session);
  if (members_.empty()) return took;
  choose_targets();
  if (sent_to_.empty()) return took;
  if (!model_.projection) documents_.hold_tables(session);
  documents_.begin(members_);
  while (documents_.next_chunk()) {
    if (!sending_) begin_sending(members_.front()->lsn);
    if (oldest_unopened_ == 0) oldest_unopened_ = members_.front()->time_us;
    documents_.write(session, *lanes_, context_.next_version(), [this] {
      subscription_->progress();
      batch_written_ = lanes_->added_so_far();
      report(false);
    });
  }
  return took;
}

void ModelWorker::look_at_tables(SnapshotSession& session, BatchDocuments::Findings& findings) {
  const auto now = Clock::now();
  const bool about_to_switch = load_ && load_->phase() == Loader::Phase::kDone;
  if (members_.empty() && !about_to_switch && now - looked_at_ < kIdleLook) return;
  looked_at_ = now;
  findings.check_shape = true;
  if (findings.reload) return;
  const auto tables = documents_.tables(session);
  const auto is_of_others = [&](const std::optional<Generation>& generation) {
    return generation && generation->follows && generation->tables != tables;
  };
  if (!is_of_others(live_) && !is_of_others(next_)) return;
  findings.reload = true;
  findings.reload_cause = "a table was rewritten, or a column of it replaced";
}

void ModelWorker::choose_targets() {
  sent_to_.clear();
  if (live_ && live_->follows) sent_to_.push_back(live_->number);
  if (next_ && next_->follows) sent_to_.push_back(next_->number);
}

void ModelWorker::begin_sending(Lsn held) {
  std::vector<std::string> collections;
  for (const auto number : sent_to_) collections.push_back(store_->collection(number));
  lanes_->begin(std::move(collections), half_mark(context_.next_version()));
  if (!oldest_undurable_) durable_at_ = Clock::now();
  oldest_undurable_ = std::min(oldest_undurable_.value_or(held), held);
  unopened_ |= live_ && live_->follows;
  sending_ = true;
  half_sent_ = true;
}

void ModelWorker::send_letters(SnapshotSession& session) {
  if (!retry_asked_.exchange(false)) return;
  ChangeReader::Outcomes wanted;
  for (auto& [id, key] : context_.bookkeeper.letters_to_retry(model_.name)) {
    wanted[id].key = std::move(key);
  }
  if (wanted.empty()) return;
  choose_targets();
  if (sent_to_.empty()) return;
  documents_.hold_tables(session);
  if (!sending_) begin_sending(session.before());
  documents_.fetch_all(session, *lanes_, context_.next_version(), wanted);
}

void ModelWorker::apply_findings(const BatchDocuments::Findings& findings,
                                 SnapshotSession& session) {
  if (shape_unchecked_) documents_.check_shape(session);
  shape_unchecked_ = false;
  if (!findings.reload && !findings.refresh) return;
  // The live generation shows its last whole batch until the new one replaces it.
  if (live_ && live_->follows) {
    context_.bookkeeper.mark_stale(model_.name);
    live_->follows = false;
    unopened_ = false;
  }
  load_wanted_ = true;
  load_cause_ = findings.reload_cause;
  if (!next_) return;
  if (findings.reload || in_parts_) {
    discard_load(findings.reload_cause);
  } else {
    freeze_load();
  }
}

void ModelWorker::freeze_load() {
  next_->follows = false;
  next_->position = batch_position_;
  next_->snapshot = batch_snapshot_;
}

void ModelWorker::open_searcher() {
  store_->open_searcher(live_->number, Searcher::kSoft, batch_position_, batch_snapshot_);
  shown_position_ = batch_position_;
  opened_at_ = Clock::now();
  unopened_ = false;
  counted_ = false;
  set_visible(batch_position_);
}

void ModelWorker::check_incarnation() {
  // Throws as long as a core replays its log, when Solr answers 200 to commits and ignores them.
  if (store_->incarnation(live_->number) == live_->incarnation) return;
  throw Error(Remedy::kRestart, "a Solr node that holds " + store_->collection(live_->number) +
                                    " restarted, or another leads: what it accepted since its last "
                                    "hard commit is sent again");
}

void ModelWorker::make_durable() {
  const auto version = context_.next_version();
  // Before the mark is renewed, too: one that went back must not look as if it had not.
  if (live_ && live_->follows) check_incarnation();
  if (next_) {
    store_->commit(next_->number, version);
    if (store_->incarnation(next_->number) != next_->incarnation) {
      discard_load("a Solr node restarted during the load");
    }
  }
  if (live_ && live_->follows) {
    store_->commit(live_->number, version);
    check_incarnation();
    context_.bookkeeper.mark_durable(store_->collection(live_->number), version);
    report_.durable = batch_position_;
  }
  letters_.remove_replaced();
  oldest_undurable_.reset();
  durable_at_ = Clock::now();
  release();
}

void ModelWorker::release() {
  Lsn held = oldest_undurable_.value_or(CommitLog::Subscription::kNothingHeld);
  if (!pending_.empty()) held = std::min(held, pending_.front()->lsn);
  subscription_->hold(held);
}

}  // namespace daas
