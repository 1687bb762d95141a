#include "hash_password.hpp"

#include <crypt.h>
#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>

namespace daas {
namespace {

/// Switches the terminal's echo off while it lives.
class SilentTerminal {
 public:
  SilentTerminal() : active_(isatty(STDIN_FILENO) != 0 && tcgetattr(STDIN_FILENO, &saved_) == 0) {
    if (!active_) return;
    auto silent = saved_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~SilentTerminal() {
    if (active_) tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  bool active() const { return active_; }

 private:
  termios saved_{};
  bool active_;
};

std::string prompted(const char* prompt) {
  std::cerr << prompt << std::flush;
  std::string line;
  std::getline(std::cin, line);
  std::cerr << '\n';
  return line;
}

}  // namespace

int hash_password() {
  std::string password;
  {
    const SilentTerminal terminal;
    if (terminal.active()) {
      password = prompted("Password: ");
      if (prompted("Again: ") != password) {
        std::cerr << "daas-indexer: the two differ\n";
        return 1;
      }
    } else {
      std::getline(std::cin, password);
    }
  }
  if (password.empty()) {
    std::cerr << "daas-indexer: an empty password is refused\n";
    return 1;
  }
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  const auto data = std::make_unique<crypt_data>();
  if (!crypt_gensalt_rn("$y$", 0, nullptr, 0, setting, sizeof setting) ||
      !crypt_r(password.c_str(), setting, data.get()) || data->output[0] == '*') {
    std::cerr << "daas-indexer: libxcrypt cannot make a yescrypt hash\n";
    return 1;
  }
  std::cout << data->output << '\n';
  return 0;
}

}  // namespace daas
