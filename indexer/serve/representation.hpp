// The last touch of an answer: its ETag, 304, and gzip. Pure.
#pragma once

#include <string>

#include "serve/http_server.hpp"

namespace daas {

/// The ETag of a 200 or 206: of the body's bytes and the count, so that of whatever shard or replica they came, equal
/// ones are equal. Weak, for it is the same of the compressed bytes.
std::string entity_tag(const ServerResponse& response);

/// Adds the ETag, unless it is there.
/// Answers 304 to who has it, and compresses for who wants that.
void represent(ServerResponse& response, const std::string& if_none_match, const std::string& accept_encoding);

}  // namespace daas
