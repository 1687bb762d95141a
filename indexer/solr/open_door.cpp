#include "solr/open_door.hpp"

#include "solr/http.hpp"

namespace daas {

bool is_loopback_url(std::string_view url) {
  const auto scheme = url.find("://");
  auto host = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  host = host.substr(0, host.find('/'));
  if (host.starts_with('[')) {
    return host.substr(0, host.find(']')) == "[::1";
  }
  host = host.substr(0, host.find(':'));
  if (host == "localhost") return true;
  // Digits and dots only: 127.example.org is a name.
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string open_node(const SolrEndpoint& endpoint, const std::atomic<bool>* abort) {
  std::string unreachable;
  bool answered = false;
  for (const auto& url : endpoint.urls) {
    if (is_loopback_url(url)) {
      answered = true;
      continue;
    }
    SolrEndpoint stranger;
    stranger.urls = {url};
    stranger.ca_file = endpoint.ca_file;
    try {
      HttpConnection connection(stranger, abort);
      const auto response =
          connection.get("/admin/info/system?wt=json", std::chrono::milliseconds(5000));
      if (response.status == 200) return url;
      answered = true;
    } catch (const TransferAborted&) {
      throw;
    } catch (const Error& error) {
      unreachable = error.what();
    }
  }
  if (!answered) throw Error(Remedy::kRetry, unreachable);
  return {};
}

}  // namespace daas
