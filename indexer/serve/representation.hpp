// The last touch of an answer: its ETag, 304, and gzip. Pure.
#pragma once

#include <string>

#include "serve/http_server.hpp"

namespace daas {

/// Adds an ETag, which is of the body's bytes and the count: of whatever shard or replica they came, equal ones are
/// equal.
/// Answers 304 to who has it, and compresses for who wants that.
void represent(ServerResponse& response, const std::string& if_none_match, const std::string& accept_encoding);

}  // namespace daas
