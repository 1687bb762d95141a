#include "pg/interrupt.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

namespace daas {

Interrupt::Interrupt() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) {
    throw Error(Remedy::kStop, std::string("no eventfd: ") + std::strerror(errno));
  }
}

Interrupt::~Interrupt() { close(fd_); }

void Interrupt::wait(std::chrono::milliseconds time) const {
  pollfd fd{fd_, POLLIN, 0};
  poll(&fd, 1, static_cast<int>(time.count()));
  check();
}

void Interrupt::raise() {
  raised_.store(true, std::memory_order_release);
  const std::uint64_t one = 1;
  // Only a full counter can fail this write, and then the descriptor is readable anyway.
  [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
}

}  // namespace daas
