#include "serve/http_head.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>
#include <string_view>

namespace daas {
namespace {

constexpr std::size_t kUsualHead = 512;

void append(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string answer_head(const ServerResponse& response, const BodyFraming& framing) {
  namespace http = boost::beast::http;
  std::string head;
  head.reserve(kUsualHead);
  head.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
  head.append(http::obsolete_reason(static_cast<http::status>(response.status))).append("\r\nServer: daas\r\n");
  bool typed = false;
  for (const auto& [name, value] : response.headers) {
    const bool type = boost::beast::iequals(name, "Content-Type");
    typed = typed || type;
    if (!type || !framing.bodiless) append(head, name, value);
  }
  // A write that answers nothing has no JSON.
  if (!typed && !framing.bodiless && !response.body.empty()) append(head, "Content-Type", "application/json; charset=utf-8");
  if (framing.chunked) append(head, "Transfer-Encoding", "chunked");
  if (framing.length) append(head, "Content-Length", std::to_string(*framing.length));
  if (framing.last) append(head, "Connection", "close");
  return head += "\r\n";
}

}  // namespace daas
