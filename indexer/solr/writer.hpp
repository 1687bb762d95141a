// Writes to one SolrCloud.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/document.hpp"
#include "core/lsn.hpp"
#include "solr/http.hpp"

namespace daas {

enum class Searcher : std::uint8_t {
  kSoft,     ///< nothing on disk
  kDurable,  ///< a hard commit, too
};

/// The document that goes first in every body of a batch: a searcher that Solr opens by itself (it
/// restarted) shows it as long as the batch is not whole, and then reads are refused. The
/// open_searcher() that ends the batch takes it away.
std::string half_mark(std::int64_t version);

/// One lane: one connection, owned and used by one thread.
///
/// Every method throws Error(kRetry) when it is in doubt whether Solr did it. Repeating is then the
/// right thing, and safe for updates only because every document carries its version and Solr drops
/// what is not newer (docs/delivery.md): a request that lands late changes nothing.
class SolrWriter {
 public:
  explicit SolrWriter(SolrEndpoint endpoint, const std::atomic<bool>* abort = nullptr,
                      HttpConnection::Timeout timeout = std::chrono::seconds(60));

  /// Sends an array of whole documents and tombstones, each with `id` and `_ver_`. When it returns,
  /// all of them are accepted except the returned ones, each with Solr's reason; a refused document
  /// leaves its old version in place. A body that Solr refuses as a whole, naming nobody, is sent in
  /// halves until each document that is at fault stands alone. Throws Error(kStop) when the body is
  /// no array of documents.
  std::vector<RefusedDocument> update(const std::string& collection, std::string_view json_array);

  /// To disk, without a searcher. A Solr that replays its log answers 200 and ignores it: compare
  /// SolrAdmin::incarnation. `version` goes with it, for durable_version().
  void commit(const std::string& collection, std::int64_t version);

  /// Of the last commit() that the collection's leader knows; 0: none. Less than before: it lost what
  /// it had said to be on disk.
  std::int64_t durable_version(const std::string& collection);

  /// Returns when a new searcher answers reads. `version` is newer than at any call before, also when
  /// one is repeated: what was sent with an older one and lands after this opens no searcher. Throws
  /// Error(kRestart) when the collection has seen a newer one: another daemon goes on with it.
  /// Of several shards only the one that has the fence is safe from late ones.
  /// @param position goes with the fence: whoever searches with it reads how fresh what it found is
  void open_searcher(const std::string& collection, Searcher searcher, std::int64_t version,
                     Lsn position);

  /// Lets no open_searcher() of before open a searcher any more. Whether what is there is whole is not
  /// known, so the fence is a half_mark() until the next open_searcher().
  void fence(const std::string& collection, std::int64_t version);

  /// Versions that Solr holds of these documents and tombstones, also of those that no searcher shows
  /// yet, by id. Those that it does not have are left out.
  std::map<std::string, std::int64_t> versions(const std::string& collection,
                                               std::span<const std::string> ids);

 private:
  /// Of a body that Solr answered with `response` instead of naming documents.
  std::vector<RefusedDocument> search_refused(const std::string& collection,
                                              std::string_view json_array,
                                              const HttpResponse& response);
  HttpResponse post_update(const std::string& collection, std::string_view query,
                           std::string_view body);
  /// A node that does not lead passes documents on in a stream; when that breaks, Solr 9.10 repeats the
  /// stream's first document only and answers 200 all the same. So what was forwarded is looked up.
  /// Throws Error(kRetry) when some of it is not there.
  void confirm(const std::string& collection, std::string_view body,
               std::span<const std::string> forwarded);
  /// So that the next update goes to the leader itself, where there is one.
  void find_leader(const std::string& collection);
  void post_fence(const std::string& collection, std::string_view query,
                  const std::string& document, const std::string& action);

  HttpConnection connection_;
  HttpConnection::Timeout timeout_;
  /// Base URL of the node that takes a collection's updates without forwarding them; empty when that is
  /// nobody that can be asked: it has several shards, or its leader is none of the endpoint's.
  std::map<std::string, std::string> leaders_;
};

}  // namespace daas
