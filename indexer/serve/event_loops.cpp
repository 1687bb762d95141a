#include "serve/event_loops.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/error.hpp"

namespace daas {
namespace {

struct Here {
  const EventLoops* loops = nullptr;
  std::size_t index = 0;
};
thread_local Here here_;

constexpr std::chrono::milliseconds kMoment{1};  // for what other threads are about to post

}  // namespace

EventLoops::EventLoops(std::size_t count) {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, count); ++i) loops_.push_back(std::make_unique<Loop>());
}

EventLoops::~EventLoops() { stop(); }

void EventLoops::start() {
  for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->thread = std::thread([this, i] { run(i); });
}

void EventLoops::run(std::size_t index) {
  here_ = {this, index};
  while (true) {
    try {
      loops_[index]->context.run();
      return;
    } catch (const std::exception& failure) {
      spdlog::error("serve: a connection failed: {}", log_text(failure));
    }
  }
}

void EventLoops::stop() {
  for (const auto& loop : loops_) loop->context.stop();
  for (const auto& loop : loops_) {
    if (loop->thread.joinable()) loop->thread.join();
  }
}

void EventLoops::clear() {
  // What one loop runs may post to another one.
  for (bool ran = true; ran;) {
    ran = false;
    for (const auto& loop : loops_) {
      loop->context.restart();
      ran = loop->context.run_for(kMoment) > 0 || ran;
    }
  }
}

std::optional<std::size_t> EventLoops::here() const {
  if (here_.loops != this) return std::nullopt;
  return here_.index;
}

}  // namespace daas
