// What the HTTP server hands on and takes back.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "serve/refusal.hpp"

namespace daas {

struct ServerRequest {
  std::string method;
  std::string target;
  std::string authorization;
  std::string prefer;
  std::string accept;
  std::string accept_profile;
  std::string min_position;  ///< Daas-Min-Position
  std::string range;
  std::string if_none_match;
  std::string accept_encoding;
  std::string origin;
  std::string body;
  std::string content_type;
  std::string content_profile;
  std::string peer{};           ///< address of the connection's other end, without the port
  std::string forwarded_for{};  ///< X-Forwarded-For, its lines joined by commas: what proxies and strangers say
};

constexpr std::uint64_t kSmallBody = 64 * 1024;  ///< bytes of a request's body that anybody may send

/// A part of a body.
struct BodyPiece {
  std::string bytes;
  bool last = false;
  /// There are no more bytes, though there should be: the connection is cut, which tells the client.
  bool broken = false;
};

struct ServerResponse {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// When set, `body` is only the first piece of a body whose size nobody knows yet. Called for the next one
  /// when the last is written, so that one piece is in memory at a time; answers once, on any thread.
  std::function<void(std::function<void(BodyPiece)>)> more = nullptr;
};

/// The response of an error: JSON body, status, headers.
ServerResponse error_response(const ApiError& error);

}  // namespace daas
