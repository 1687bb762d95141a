#pragma once

namespace daas {

/// libcurl's global state must be made once, before the first handle of any thread.
void initialize_curl_once();

}  // namespace daas
