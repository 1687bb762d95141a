// Threads that run work which blocks or takes long, each with a tool of its own (a database connection), so
// that the tool needs no lock. The queue is bounded: more work than it holds is refused at once
// instead of waiting for an answer nobody is there to read any more.
#pragma once

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace daas {

/// Of work that needs none.
struct NoTool {};

template <class Tool>
class WorkerPool {
 public:
  /// Must not throw: nobody is answered then.
  using Job = std::function<void(Tool&)>;

  /// @param make called on the constructing thread, once per worker
  WorkerPool(int threads, std::size_t capacity, const std::function<std::unique_ptr<Tool>()>& make)
      : capacity_(capacity) {
    for (int i = 0; i < threads; ++i) tools_.push_back(make());
    for (auto& tool : tools_) threads_.emplace_back([this, &tool = *tool] { work(tool); });
  }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool() { stop(); }

  /// False when the queue is full or the pool has stopped.
  [[nodiscard]] bool try_run(Job job) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || jobs_.size() >= capacity_) return false;
      jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
    return true;
  }

  /// Ends after the jobs under way; queued ones are destroyed unrun.
  void stop() {
    std::deque<Job> dropped;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      dropped.swap(jobs_);
    }
    wake_.notify_all();
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void work(Tool& tool) {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (stopping_) return;
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      try {
        job(tool);
      } catch (const std::exception& failure) {
        spdlog::error("serve: work failed: {}", failure.what());  // of memory, most likely: one job's end, not all threads'
      }
      job = nullptr;
      lock.lock();
    }
  }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Tool>> tools_;
  std::vector<std::thread> threads_;
};

}  // namespace daas
