#include "serve/web_document.hpp"

#include <curl/curl.h>

#include <memory>
#include <new>

#include "core/error.hpp"
#include "solr/curl_start.hpp"

namespace daas {
namespace {

using Handle = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;
using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return {};
  const std::string copy = text;
  curl_free(text);
  return copy;
}

bool is_loopback(const std::string& host) {
  const bool v4 = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string::npos;
  return v4 || host == "localhost" || host == "[::1]";
}

struct Body {
  std::string text;
  std::size_t most;
  bool too_long = false;
};

// libcurl calls these from C: no exception may leave them.
std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* user) {
  auto& body = *static_cast<Body*>(user);
  try {
    body.too_long = body.text.size() + count > body.most;
    if (!body.too_long) body.text.append(bytes, count);
    return body.too_long ? 0 : count;
  } catch (...) {
    return 0;
  }
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(user)->load() ? 1 : 0;
}

}  // namespace

bool is_web_address(const std::string& location) { return location.find("://") != std::string::npos; }

void check_web_address(const std::string& text) {
  const Url url(curl_url(), &curl_url_cleanup);
  if (!url) throw std::bad_alloc();
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    throw Error(Remedy::kStop, "\"" + text + "\" is no URL");
  }
  if (!part_of(url.get(), CURLUPART_USER).empty() || !part_of(url.get(), CURLUPART_PASSWORD).empty()) {
    throw Error(Remedy::kStop, "the URL holds credentials, which would be logged");
  }
  const auto scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (scheme == "https" || (scheme == "http" && is_loopback(part_of(url.get(), CURLUPART_HOST)))) return;
  throw Error(Remedy::kStop, "\"" + text + "\" is neither https nor on the loopback: whoever is in between could "
                             "put keys of his own there", "use its https address, or a file");
}

std::string fetch_document(const std::string& url, const std::string& ca_file, WebLimits limits,
                           const std::atomic<bool>& abort) {
  check_web_address(url);
  initialize_curl_once();
  const Handle handle(curl_easy_init(), &curl_easy_cleanup);
  if (!handle) throw std::bad_alloc();
  CURL* curl = handle.get();
  Body body{{}, limits.bytes};
  char reason[CURL_ERROR_SIZE] = {};
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (url.starts_with("http://")) curl_easy_setopt(curl, CURLOPT_PROXY, "");
  if (!ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file.c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(limits.time.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &abort);
  const CURLcode code = curl_easy_perform(curl);
  if (body.too_long) throw Error(Remedy::kRetry, "the answer is over " + std::to_string(limits.bytes / 1024) + " KB");
  if (code != CURLE_OK) {
    throw Error(Remedy::kRetry, reason[0] != '\0' ? reason : curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) {
    throw Error(Remedy::kRetry, "it answered with status " + std::to_string(status),
                status >= 300 && status < 400 ? "redirects are not followed; name the address that it leads to" : "");
  }
  return std::move(body.text);
}

}  // namespace daas
