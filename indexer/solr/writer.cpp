#include "solr/writer.hpp"

#include <utility>

#include "solr/answer.hpp"
#include "solr/form.hpp"

namespace daas {

SolrWriter::SolrWriter(SolrEndpoint endpoint, const std::atomic<bool>* abort,
                       HttpConnection::Timeout timeout)
    : connection_(std::move(endpoint), abort), timeout_(timeout) {}

HttpResponse SolrWriter::post_update(const std::string& collection, std::string_view query,
                                     std::string_view body) {
  const std::string path =
      "/" + percent_encode(collection) + "/update?wt=json" + std::string(query);
  return connection_.post(path, "application/json", body, timeout_);
}

std::vector<RefusedDocument> SolrWriter::update(const std::string& collection,
                                                std::string_view json_array) {
  const std::string action = "update of " + collection;
  // Solr answers 200 to a body that is no JSON at all, and does nothing.
  if (!json_array.starts_with('['))
    throw Error(Remedy::kStop, "the body of the " + action + " is not an array");
  const HttpResponse response = post_update(collection, "", json_array);
  if (response.status != 200) throw solr_error(response, action);

  // The tolerant chain takes a shard without leader or a full disk for bad documents and answers
  // 200 all the same. Alone and through the strict chain, a document gets its true status.
  std::vector<RefusedDocument> refused;
  for (RefusedDocument& suspect : refused_documents(response.body)) {
    const std::string document = document_in(json_array, suspect.id);
    if (document.empty()) {  // "(unknown)": a document without an id
      refused.push_back(std::move(suspect));
      continue;
    }
    const HttpResponse verdict =
        post_update(collection, "&update.chain=strict", "[" + document + "]");
    if (verdict.status == 400) {
      refused.push_back(std::move(suspect));
    } else if (verdict.status != 200) {
      throw solr_error(verdict, action);
    }
  }
  return refused;
}

void SolrWriter::commit(const std::string& collection, CommitKind kind) {
  std::string_view query;
  switch (kind) {
    case CommitKind::kVisible:
      query = "&softCommit=true&waitSearcher=true";
      break;
    case CommitKind::kDurable:
      query = "&commit=true&openSearcher=false";
      break;
    case CommitKind::kDurableVisible:
      query = "&commit=true&openSearcher=true&waitSearcher=true";
      break;
  }
  const HttpResponse response = post_update(collection, query, "[]");
  if (response.status != 200) throw solr_error(response, "commit of " + collection);
}

void SolrWriter::purge_tombstones(const std::string& collection, std::int64_t up_to_version) {
  const std::string body = R"({"delete":{"query":"+_deleted_:true +_ver_:[* TO )" +
                           std::to_string(up_to_version) + R"(]"}})";
  const HttpResponse response = post_update(collection, "", body);
  if (response.status != 200) throw solr_error(response, "purge of tombstones in " + collection);
  refused_documents(response.body);
}

}  // namespace daas
