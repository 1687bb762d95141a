// The head of an HTTP/1.1 answer, RFC 9112. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "serve/http_message.hpp"

namespace daas {

struct BodyFraming {
  bool bodiless = false;  ///< 204 and 304: neither has a body, and what a 304 is of is the client's already
  bool chunked = false;
  std::optional<std::uint64_t> length = {};
  bool last = false;  ///< the connection ends after it
};

/// Status line, headers and the empty line. Header values are the server's own text, or a request's that its parser has
/// freed of line ends.
std::string answer_head(const ServerResponse& response, const BodyFraming& framing);

}  // namespace daas
