// A server that gives scripted answers, for faults that a real Solr can't be made to show on
// demand.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace daas {

/// Listens on a free port of 127.0.0.1. Each request gets the script's next answer; the empty
/// answer closes the connection without one, and so does the end of the script.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> script);
  ~ScriptedServer();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/solr"; }
  /// Request line and body of each request so far.
  std::vector<std::string> requests() const;

  static std::string answer(int status, const std::string& body);

 private:
  void run();
  void serve(int connection);

  std::vector<std::string> script_;
  std::size_t next_ = 0;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ending_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace daas
