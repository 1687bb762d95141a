#include "serve/read_stream.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/log_field.hpp"

namespace daas {
namespace {

constexpr std::chrono::seconds kLongestLag{10};  // of one replica behind another

std::string* parameter(ReadPlan& plan, std::string_view name) {
  for (auto& [key, value] : plan.solr.parameters) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string sort_of(ReadPlan plan) { return *parameter(plan, "sort"); }

}  // namespace

ReadRunner::Stream::Stream(ReadRunner& runner, std::shared_ptr<const Read> read, const ReadPlan& first,
                           const ReadAnswer& page)
    : runner_(runner),
      read_(std::move(read)),
      sort_(sort_of(first)),
      mark_(page.next),
      left_(first.limit == kNoLimit ? kNoLimit : first.limit - page.count),
      position_(page.state ? page.state->position : 0) {}

decltype(ServerResponse::more) ReadRunner::Stream::start(ReadRunner& runner, std::shared_ptr<const Read> read,
                                                         const ReadPlan& first, const ReadAnswer& page) {
  auto stream = std::make_shared<Stream>(runner, std::move(read), first, page);
  return [stream](Give give) { stream->next(give); };
}

std::shared_ptr<const ReadPlan> ReadRunner::Stream::plan() const {
  auto plan = runner_.make_plan(*read_);
  if (sort_of(plan) != sort_) throw unavailable("the API was redefined while it was read");
  plan.shape.rows = std::min(plan.shape.rows, left_);
  *parameter(plan, "cursorMark") = mark_;
  *parameter(plan, "rows") = std::to_string(plan.shape.rows);
  return std::make_shared<const ReadPlan>(std::move(plan));
}

void ReadRunner::Stream::next(const Give& give) {
  const auto self = shared_from_this();
  const auto fail = [self, give](const ApiError& error) { self->fail(error, give); };
  guarded(read_->path, fail, [&] {
    runner_.search(
        read_, plan(), [self] { return self->plan(); },
        [self, give](ReadAnswer page, const ReadPlan& planned) { self->use(std::move(page), planned, give); }, fail);
  });
}

void ReadRunner::Stream::use(ReadAnswer page, const ReadPlan& planned, const Give& give) {
  if (position_ != 0 && !(page.state && page.state->position >= position_)) {
    const auto then = [self = shared_from_this(), give](bool reached) {
      if (reached) return self->next(give);
      self->fail(unavailable("the search engine's replicas are too far apart").error(), give);
    };
    const auto now = std::chrono::steady_clock::now();
    if (latest_ == decltype(latest_){}) latest_ = now + kLongestLag;
    if (now >= latest_ || !runner_.waits_.wait(planned.model, planned.solr.collection, position_ - 1, latest_, then)) then(false);
    return;
  }
  latest_ = {};
  if (page.state) position_ = page.state->position;
  if (left_ != kNoLimit) left_ -= page.count;
  const bool last = page.next.empty() || page.next == mark_ || page.count < planned.shape.rows || left_ == 0;
  mark_ = page.next;
  give({std::move(page.body), last});
}

void ReadRunner::Stream::fail(const ApiError& error, const Give& give) const {
  const LogField field("api", read_->path);
  spdlog::warn("serve: a stream of GET /{} is cut: {}", read_->path, error.message);
  give({{}, true, true});
}

}  // namespace daas
