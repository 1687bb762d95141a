// The secret that this daemon signs its tokens with.
#pragma once

#include <string>

namespace daas {

/// Reads a token key: the file's bytes without one trailing line break.
/// @throws Error when it can't be read or holds fewer than 32 bytes
std::string read_token_key(const std::string& path);

}  // namespace daas
