#include "solr/curl_start.hpp"

#include <curl/curl.h>

#include <mutex>

#include "core/error.hpp"

namespace daas {

void initialize_curl_once() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw Error(Remedy::kStop, "libcurl could not be initialized");
    }
  });
}

}  // namespace daas
