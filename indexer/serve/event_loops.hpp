// Threads that each run an event loop of their own.
//
// What belongs to one connection, to a client or to Solr, runs on one loop: it needs no lock, and no thread is woken for
// it by another one. So nothing that runs there may block, or compute for long.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

namespace daas {

/// Of one loop.
using LoopSocket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// Thread-safe but for start(), stop() and clear().
class EventLoops {
 public:
  explicit EventLoops(std::size_t count);
  ~EventLoops();
  EventLoops(const EventLoops&) = delete;
  EventLoops& operator=(const EventLoops&) = delete;

  void start();
  /// Returns when the threads have ended. What is pending stays pending. Idempotent.
  void stop();
  /// After stop(): runs what is ready or was cancelled, on this thread, so that its owners let go of each other.
  void clear();

  std::size_t size() const { return loops_.size(); }
  boost::asio::io_context& at(std::size_t index) { return loops_[index]->context; }
  /// In turns.
  std::size_t next() { return turn_.fetch_add(1, std::memory_order_relaxed) % loops_.size(); }
  /// The one whose thread calls.
  std::optional<std::size_t> here() const;

 private:
  struct Loop {
    boost::asio::io_context context{1};  // one thread runs it, any may post to it
    // A request that waits for its answer is no work of the context's: without this the thread would
    // end under it once the listener is closed.
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{context.get_executor()};
    std::thread thread;
  };

  void run(std::size_t index);

  std::vector<std::unique_ptr<Loop>> loops_;
  std::atomic<std::size_t> turn_{0};
};

}  // namespace daas
