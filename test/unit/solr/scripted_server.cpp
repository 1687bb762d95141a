#include "scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace daas {

ScriptedServer::ScriptedServer(std::vector<std::string> script) : script_(std::move(script)) {
  listener_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener_ < 0 || bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener_, 8) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("no listening socket for the test");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

ScriptedServer::~ScriptedServer() {
  ending_ = true;
  thread_.join();
  close(listener_);
}

std::vector<std::string> ScriptedServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string ScriptedServer::answer(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) +
         " Scripted\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

void ScriptedServer::run() {
  while (!ending_) {
    pollfd waiting{.fd = listener_, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, 20) != 1) continue;
    const int connection = accept(listener_, nullptr, nullptr);
    if (connection < 0) continue;
    serve(connection);
    close(connection);
  }
}

void ScriptedServer::serve(int connection) {
  std::string received;
  while (!ending_) {
    pollfd waiting{.fd = connection, .events = POLLIN, .revents = 0};
    if (poll(&waiting, 1, 20) != 1) continue;
    char buffer[4096];
    const ssize_t count = recv(connection, buffer, sizeof buffer, 0);
    if (count <= 0) return;
    received.append(buffer, static_cast<std::size_t>(count));
    const auto head_end = received.find("\r\n\r\n");
    if (head_end == std::string::npos) continue;
    std::size_t length = 0;
    if (const auto at = received.find("Content-Length: "); at < head_end)
      length = std::strtoul(&received[at + 16], nullptr, 10);
    if (received.size() < head_end + 4 + length) continue;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(received.substr(0, received.find("\r\n")) + "\n" +
                          received.substr(head_end + 4, length));
    }
    received.erase(0, head_end + 4 + length);
    if (next_ == script_.size() || script_[next_].empty()) {
      ++next_;
      return;
    }
    const std::string& answer = script_[next_++];
    if (send(connection, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
  }
}

}  // namespace daas
