// Whether Solr lets in whoever asks: an open Solr bypasses every scope.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "solr/endpoint.hpp"

namespace daas {

/// Whether only this machine can reach the URL: its host is localhost or a loopback address.
bool is_loopback_url(std::string_view url);

/// The first node that is not on the loopback and answers without credentials; empty when none does.
/// Nodes that can't be reached count as closed. @throws Error when no node answers at all
std::string open_node(const SolrEndpoint& endpoint, const std::atomic<bool>* abort = nullptr);

constexpr const char* kOpenSolr =
    "answers without credentials: whoever reaches it reads and writes every document past all scopes";
constexpr const char* kOpenSolrHint =
    "turn on authentication in Solr (bin/solr auth enable) and name a user with --solr-auth-file, and let "
    "nobody but daas-indexer reach its port";

}  // namespace daas
