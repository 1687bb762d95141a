#include "solr/writer.hpp"

#include <iterator>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "solr/answer.hpp"
#include "solr/form.hpp"
#include "solr/update_body.hpp"

namespace daas {
namespace {

/// Of no key: PostgreSQL's texts cannot hold U+0000.
constexpr std::string_view kFenceId = R"(\u0000fence)";
constexpr long kConflict = 409;

/// A tombstone, so that no read shows it.
std::string fence_document(std::int64_t version, bool half) {
  return R"({"id":")" + std::string(kFenceId) + R"(","_ver_":)" + std::to_string(version) +
         R"(,"_deleted_":true)" + (half ? R"(,"_half_":true})" : "}");
}

}  // namespace

std::string half_mark(std::int64_t version) { return fence_document(version, true); }

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
  if (response.status == 400 || response.status == 413) {
    return search_refused(collection, json_array, response);
  }
  if (response.status != 200) throw solr_error(response, action);

  auto suspects = refused_documents(response.body);
  if (suspects.empty()) return suspects;
  std::unordered_map<std::string_view, const BodyDocument*> sent;
  const auto documents = documents_in(json_array);
  for (const auto& document : documents) sent.emplace(document.id, &document);
  // The tolerant chain takes a shard without leader or a full disk for bad documents and answers
  // 200 all the same. Alone and through the strict chain, a document gets its true status.
  std::vector<RefusedDocument> refused;
  for (RefusedDocument& suspect : suspects) {
    const auto found = sent.find(suspect.id);
    if (found == sent.end()) {  // "(unknown)": a document without an id
      refused.push_back(std::move(suspect));
      continue;
    }
    const auto& document = *found->second;
    const HttpResponse verdict =
        post_update(collection, "&update.chain=strict", "[" + std::string(document.text) + "]");
    if (verdict.status == 400) {
      suspect.version = document.version;
      suspect.document = document.text;
      refused.push_back(std::move(suspect));
    } else if (verdict.status != 200) {
      throw solr_error(verdict, action);
    }
  }
  return refused;
}

std::vector<RefusedDocument> SolrWriter::search_refused(const std::string& collection,
                                                        std::string_view json_array,
                                                        const HttpResponse& response) {
  const auto documents = documents_in(json_array);
  if (documents.empty()) throw solr_error(response, "update of " + collection);
  if (documents.size() == 1) {
    const auto& one = documents.front();
    return {{one.id, solr_message(response), one.version, std::string(one.text)}};
  }
  std::vector<RefusedDocument> refused;
  const auto middle = documents.size() / 2;
  const auto search = [&](std::size_t first, std::size_t last) {
    const auto begin = documents[first].text.begin();
    const auto end = documents[last].text.end();
    auto found = update(collection, "[" + std::string(begin, end) + "]");
    std::move(found.begin(), found.end(), std::back_inserter(refused));
  };
  search(0, middle - 1);
  search(middle, documents.size() - 1);
  return refused;
}

void SolrWriter::commit(const std::string& collection) {
  const HttpResponse response = post_update(collection, "&commit=true&openSearcher=false", "[]");
  if (response.status != 200) throw solr_error(response, "commit of " + collection);
  refused_documents(response.body);
}

void SolrWriter::open_searcher(const std::string& collection, Searcher searcher,
                               std::int64_t version) {
  post_fence(collection,
             searcher == Searcher::kSoft ? "&softCommit=true&waitSearcher=true"
                                         : "&commit=true&openSearcher=true&waitSearcher=true",
             fence_document(version, false), "opening of a searcher of " + collection);
}

void SolrWriter::fence(const std::string& collection, std::int64_t version) {
  post_fence(collection, "", half_mark(version), "fence of " + collection);
}

void SolrWriter::post_fence(const std::string& collection, std::string_view query,
                            const std::string& document, const std::string& action) {
  const HttpResponse response = post_update(
      collection, "&update.chain=fence" + std::string(query), "[" + document + "]");
  if (response.status == kConflict) {
    throw Error(Remedy::kRestart,
                "the " + action + " came too late: another daemon has begun to write there");
  }
  if (response.status != 200) throw solr_error(response, action);
  refused_documents(response.body);
}

std::map<std::string, std::int64_t> SolrWriter::versions(const std::string& collection,
                                                         std::span<const std::string> ids) {
  const std::string action = "reading of versions in " + collection;
  FormParameters parameters = {{"wt", "json"}, {"fl", "id,_ver_"}};
  for (const auto& id : ids) parameters.emplace_back("id", id);
  const HttpResponse response =
      connection_.post("/" + percent_encode(collection) + "/get",
                       "application/x-www-form-urlencoded", form_encode(parameters), timeout_);
  if (response.status != 200) throw solr_error(response, action);
  std::map<std::string, std::int64_t> versions;
  try {
    const auto answer = nlohmann::json::parse(response.body);
    const auto add = [&](const nlohmann::json& document) {
      versions[document.at("id").get<std::string>()] = document.at("_ver_").get<std::int64_t>();
    };
    // One id gets one document or null, several a list.
    if (ids.size() == 1) {
      if (const auto& document = answer.at("doc"); !document.is_null()) add(document);
    } else {
      for (const auto& document : answer.at("response").at("docs")) add(document);
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(Remedy::kRetry, "Solr's answer to the " + action + " is not one");
  }
  return versions;
}

void SolrWriter::purge_tombstones(const std::string& collection, std::int64_t up_to_version) {
  const std::string body = R"({"delete":{"query":"+_deleted_:true -id:\")" + std::string(kFenceId) +
                           R"(\" +_ver_:[* TO )" + std::to_string(up_to_version) + R"(]"}})";
  const HttpResponse response = post_update(collection, "", body);
  if (response.status != 200) throw solr_error(response, "purge of tombstones in " + collection);
  refused_documents(response.body);
}

}  // namespace daas
