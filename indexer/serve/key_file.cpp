#include "serve/key_file.hpp"

#include <sys/stat.h>

#include <fstream>

#include "core/error.hpp"

namespace daas {
namespace {

constexpr std::size_t kLongest = 256 * 1024;

bool others_can_read(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) != 0 || (info.st_mode & (S_IRWXO | S_IWGRP)) != 0;
}

}  // namespace

std::string read_key_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kLongest + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad() || (file.fail() && !file.eof())) throw Error(Remedy::kStop, "it can't be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kLongest) throw Error(Remedy::kStop, "it is over 256 KB");
  return text;
}

JwkSet parse_key_file(KeyFile kind, const std::string& path, const std::string& text) {
  if (kind == KeyFile::kPem) return {{SignatureKey::of_pem(text)}, {}};
  return parse_jwk_set(text, others_can_read(path) ? SecretKeys::kRefused : SecretKeys::kAllowed);
}

void check_key_file(KeyFile kind, const std::string& path) {
  try {
    parse_key_file(kind, path, read_key_file(path));
  } catch (const Error& error) {
    throw Error(Remedy::kStop, "the key file " + path + " can't be used: " + error.what(), error.hint());
  }
}

}  // namespace daas
