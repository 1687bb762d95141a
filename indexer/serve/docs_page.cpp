#include "serve/docs_page.hpp"

#include <algorithm>
#include <iterator>

namespace daas {
namespace {

constexpr std::string_view kPath = "/docs";
constexpr std::string_view kPage = "docs.html";

// CSP 3 and Trusted Types: scripts and styles are files of this server, text never becomes markup.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const char* media_type(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

}  // namespace

bool is_docs_path(std::string_view path) {
  return path.starts_with(kPath) && (path.size() == kPath.size() || path[kPath.size()] == '/');
}

ServerResponse docs_response(std::string_view path) {
  ServerResponse response;
  if (path == "/docs/") {
    // The page's links are relative to the path without the slash, also behind a proxy's prefix.
    response.status = 308;
    response.headers.emplace_back("Location", "../docs");
    response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
    return response;
  }
  const auto name = path.size() == kPath.size() ? kPage : path.substr(kPath.size() + 1);
  static const auto files = docs_files();
  const auto file = std::find_if(files.begin(), files.end(), [&](const DocsFile& each) { return each.name == name; });
  if (file == files.end()) throw Refusal(404, "PGRST125", "Invalid path specified in request URL", {}, "GET /docs");
  response.body = file->content;
  response.headers.emplace_back("Content-Type", media_type(name));
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  return response;
}

}  // namespace daas
