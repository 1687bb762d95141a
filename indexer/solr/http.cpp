#include "solr/http.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <new>
#include <thread>
#include <utility>

#include "solr/curl_start.hpp"

namespace daas {
namespace {

constexpr long kConnectTimeoutMs = 2000;

struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

void append_header(HeaderList& list, const char* line) {
  curl_slist* longer = curl_slist_append(list.get(), line);
  if (longer == nullptr) throw std::bad_alloc();
  list.release();
  list.reset(longer);
}

// libcurl calls these from C: no exception may leave them.
std::size_t on_body(char* bytes, std::size_t, std::size_t count, void* user) {
  try {
    static_cast<std::string*>(user)->append(bytes, count);
    return count;
  } catch (...) {
    return count == 0 ? 1 : 0;
  }
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const HttpConnection*>(user)->aborted() ? 1 : 0;
}

bool nothing_was_sent(CURLcode code) {
  return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST ||
         code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION;
}

}  // namespace

struct HttpConnection::Request {
  std::string_view path{};
  const char* content_type = nullptr;  ///< null: GET
  std::string_view body{};
  Timeout timeout{};
};

struct HttpConnection::Handle {
  Handle() : curl(curl_easy_init()) {
    if (curl == nullptr) throw std::bad_alloc();
  }
  ~Handle() { curl_easy_cleanup(curl); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  CURL* curl;
  char error[CURL_ERROR_SIZE] = {};
};

HttpConnection::HttpConnection(SolrEndpoint endpoint, const std::atomic<bool>* abort)
    : endpoint_(std::move(endpoint)), abort_(abort) {
  if (endpoint_.urls.empty())
    throw Error(Remedy::kStop, "no Solr URL is configured", "--solr http://host:8983/solr");
  for (std::string& url : endpoint_.urls) {
    while (!url.empty() && url.back() == '/') url.pop_back();
    if (!url.starts_with("http://") && !url.starts_with("https://")) {
      throw Error(Remedy::kStop, "not a Solr URL: " + url, "--solr http://host:8983/solr");
    }
    if (url.find('@') != std::string::npos) {
      throw Error(Remedy::kStop, "a Solr URL must not hold credentials, it is shown in logs",
                  "put user and password into the file of --solr-auth-file");
    }
  }
  initialize_curl_once();
  handle_ = std::make_unique<Handle>();
  CURL* curl = handle_->curl;
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, handle_->error);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  // h2c of curl 7.88 fails on reuse against Jetty.
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_PROXY, "");  // not the environment's http_proxy
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, this);
  if (!endpoint_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, endpoint_.ca_file.c_str());
  if (!endpoint_.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, endpoint_.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, endpoint_.password.c_str());
  }
}

HttpConnection::~HttpConnection() = default;

bool HttpConnection::aborted() const {
  if (abort_ == nullptr || !abort_->load(std::memory_order_acquire)) return false;
  const auto now = std::chrono::steady_clock::now();
  if (!aborted_at_) aborted_at_ = now;
  return now - *aborted_at_ >= grace_;
}

HttpResponse HttpConnection::get(std::string_view path, Timeout timeout) {
  return send_with_failover({.path = path, .timeout = timeout});
}

HttpResponse HttpConnection::post(std::string_view path, const char* content_type,
                                  std::string_view body, Timeout timeout) {
  return send_with_failover(
      {.path = path, .content_type = content_type, .body = body, .timeout = timeout});
}

HttpResponse HttpConnection::get_from(const std::string& base_url, std::string_view path,
                                      Timeout timeout) {
  HttpResponse response;
  std::string failure;
  if (!send_to(base_url, {.path = path, .timeout = timeout}, response, failure)) {
    throw Error(Remedy::kRetry, "Solr can't be reached: " + failure);
  }
  return response;
}

void HttpConnection::prefer(const std::string& base_url) {
  const auto found = std::find(endpoint_.urls.begin(), endpoint_.urls.end(), base_url);
  if (found != endpoint_.urls.end()) {
    current_ = static_cast<std::size_t>(found - endpoint_.urls.begin());
  }
}

bool HttpConnection::knows(const std::string& base_url) const {
  return std::find(endpoint_.urls.begin(), endpoint_.urls.end(), base_url) != endpoint_.urls.end();
}

HttpResponse HttpConnection::send_with_failover(const Request& request) {
  std::string failures;
  for (std::size_t tries = 0; tries < endpoint_.urls.size(); ++tries) {
    HttpResponse response;
    std::string failure;
    if (send_to(endpoint_.urls[current_], request, response, failure)) return response;
    if (!failures.empty()) failures += "; ";
    failures += failure;
    current_ = (current_ + 1) % endpoint_.urls.size();
  }
  throw Error(Remedy::kRetry, "Solr can't be reached: " + failures,
              "is Solr running, and is --solr right?");
}

bool HttpConnection::send_to(const std::string& base_url, const Request& request,
                             HttpResponse& response, std::string& failure) {
  if (aborted()) throw TransferAborted();
  CURL* curl = handle_->curl;
  const std::string url = base_url + std::string(request.path);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response.body);

  HeaderList headers;
  if (request.content_type == nullptr) {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
  } else {
    append_header(headers, (std::string("Content-Type: ") + request.content_type).c_str());
    append_header(headers, "Expect:");  // else curl waits a second for 100-continue on large bodies
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                     request.body.data() == nullptr ? "" : request.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  handle_->error[0] = '\0';
  const CURLcode code = curl_easy_perform(curl);
  // Both point into this call's frame.
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, nullptr);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, nullptr);

  if (code == CURLE_OK) {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response.status);
    return true;
  }
  if (code == CURLE_ABORTED_BY_CALLBACK) throw TransferAborted();
  const char* reason = handle_->error[0] != '\0' ? handle_->error : curl_easy_strerror(code);
  long sent = 0;
  curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
  if (nothing_was_sent(code) || (code == CURLE_OPERATION_TIMEDOUT && sent == 0)) {
    failure = base_url + ": " + reason;
    return false;
  }
  const std::string path(request.path.substr(0, request.path.find('?')));
  throw Error(Remedy::kRetry, "no answer from Solr, " + base_url + path + ": " + reason);
}

void HttpConnection::pause(std::chrono::milliseconds duration) const {
  const auto end = std::chrono::steady_clock::now() + duration;
  for (;;) {
    if (aborted()) throw TransferAborted();
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= left.zero()) return;
    std::this_thread::sleep_for(
        std::min<std::chrono::steady_clock::duration>(left, std::chrono::milliseconds(50)));
  }
}

}  // namespace daas
