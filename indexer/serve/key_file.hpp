// Files with keys that check tokens.
#pragma once

#include <string>

#include "serve/jwk_set.hpp"

namespace daas {

enum class KeyFile { kPem, kSet };

/// @throws Error for one that can't be read or is over 256 KB
std::string read_key_file(const std::string& path);
/// A set's secrets are taken only from a file that others can't read.
/// @throws Error
JwkSet parse_key_file(KeyFile kind, const std::string& path, const std::string& text);
/// Reads it once, to tell before anything starts. @throws Error naming the file
void check_key_file(KeyFile kind, const std::string& path);

}  // namespace daas
