#include "serve/token_key.hpp"

#include <fstream>
#include <iterator>

#include "core/error.hpp"

namespace daas {

constexpr std::size_t kShortestKey = 32;  // RFC 7518, 3.2: as long as the hash

std::string read_token_key(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string key{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    throw Error(
        Remedy::kStop, "the token key file " + path + " can't be read",
        "make one with: head -c 32 /dev/urandom | base64 > " + path + " && chmod 600 " + path);
  }
  if (key.ends_with('\n')) key.pop_back();
  if (key.ends_with('\r')) key.pop_back();
  if (key.size() < kShortestKey) {
    throw Error(
        Remedy::kStop, "the token key in " + path + " is shorter than 32 bytes",
        "make one with: head -c 32 /dev/urandom | base64 > " + path + " && chmod 600 " + path);
  }
  return key;
}

}  // namespace daas
