#include "solr/writer.hpp"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <utility>

#include "solr/answer.hpp"
#include "solr/cluster_state.hpp"
#include "solr/form.hpp"
#include "solr/state_term.hpp"
#include "solr/update_body.hpp"

namespace daas {
namespace {

/// Of no key: PostgreSQL's texts cannot hold U+0000.
constexpr std::string_view kFenceId = R"(\u0000fence)";
constexpr std::string_view kDurableId = R"(\u0000durable)";
constexpr long kConflict = 409;

/// A tombstone, so that no read shows it.
std::string mark(std::string_view id, std::int64_t version, const std::string& more = {}) {
  return R"({"id":")" + std::string(id) + R"(","_ver_":)" + std::to_string(version) +
         R"(,"_deleted_":true)" + more + "}";
}

std::string state_member(const FenceState& state) {
  return ",\"" + std::string(kStateField) + "\":\"" + state_term(state) + "\"";
}

}  // namespace

std::string half_mark(std::int64_t version) { return mark(kFenceId, version, R"(,"_half_":true)" + state_member({version, std::nullopt})); }

SolrWriter::SolrWriter(SolrEndpoint endpoint, const std::atomic<bool>* abort,
                       HttpConnection::Timeout timeout)
    : connection_(std::move(endpoint), abort), timeout_(timeout) {}

HttpResponse SolrWriter::post_update(const std::string& collection, std::string_view query,
                                     std::string_view body) {
  if (const auto leader = leaders_.find(collection); leader != leaders_.end()) {
    connection_.prefer(leader->second);
  }
  // With versions: of what the node forwards it does not know any.
  const std::string path = "/" + percent_encode(collection) +
                           "/update?wt=json&json.nl=flat&versions=true" + std::string(query);
  try {
    return connection_.post(path, "application/json", body, timeout_);
  } catch (...) {
    // One that takes connections and never answers must not be asked for ever, though it led once.
    leaders_.erase(collection);
    connection_.pass_over();
    throw;
  }
}

void SolrWriter::confirm(const std::string& collection, std::string_view body,
                         std::span<const std::string> forwarded) {
  const auto known = leaders_.find(collection);
  const bool nobody = known != leaders_.end() && known->second.empty();
  if (forwarded.empty()) {
    if (!nobody) leaders_.insert_or_assign(collection, connection_.base_url());
    return;
  }
  if (!nobody) find_leader(collection);
  std::unordered_map<std::string, std::int64_t> sent;
  for (auto& document : documents_in(body)) {
    auto& version = sent[std::move(document.id)];
    version = std::max(version, document.version);
  }
  const auto held = versions(collection, forwarded);
  const auto lost = std::count_if(forwarded.begin(), forwarded.end(), [&](const auto& id) {
    const auto found = held.find(id);
    return found == held.end() || found->second < sent[id];
  });
  if (lost == 0) return;
  throw Error(Remedy::kRetry, "Solr answered 200 to an update of " + collection + " and lost " +
                                  std::to_string(lost) + " of " + std::to_string(sent.size()) +
                                  " documents on the way to the shard's leader");
}

void SolrWriter::find_leader(const std::string& collection) {
  const HttpResponse response = connection_.get(
      "/admin/collections?action=CLUSTERSTATUS&wt=json&collection=" + percent_encode(collection),
      timeout_);
  if (response.status != 200) throw solr_error(response, "question for the leader of " + collection);
  const auto cluster = parse_cluster_state(response.body);
  leaders_.erase(collection);
  const auto found = cluster.collections.find(collection);
  if (found == cluster.collections.end()) return;
  auto& leader = leaders_[collection];
  if (found->second.shards.size() != 1) return;
  for (const Replica& replica : found->second.shards.front().replicas) {
    if (replica.leader && connection_.knows(replica.base_url)) leader = replica.base_url;
  }
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

  auto answer = read_update_answer(response.body);
  if (answer.refused.empty()) {
    confirm(collection, json_array, answer.forwarded);
    return {};
  }
  std::unordered_map<std::string_view, const BodyDocument*> sent;
  const auto documents = documents_in(json_array);
  for (const auto& document : documents) sent.emplace(document.id, &document);
  // The tolerant chain takes a shard without leader or a full disk for bad documents and answers
  // 200 all the same. Alone and through the strict chain, a document gets its true status.
  std::vector<RefusedDocument> refused;
  for (RefusedDocument& suspect : answer.refused) {
    std::erase(answer.forwarded, suspect.id);
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
    } else {
      const auto accepted = read_update_answer(verdict.body);
      std::copy(accepted.forwarded.begin(), accepted.forwarded.end(),
                std::back_inserter(answer.forwarded));
    }
  }
  confirm(collection, json_array, answer.forwarded);
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

void SolrWriter::commit(const std::string& collection, std::int64_t version) {
  const std::string body = "[" + mark(kDurableId, version) + "]";
  // Strict: the tolerant chain would tell of a mark that is not there with a 200.
  const HttpResponse response =
      post_update(collection, "&update.chain=strict&commit=true&openSearcher=false", body);
  if (response.status != 200) throw solr_error(response, "commit of " + collection);
  confirm(collection, body, read_update_answer(response.body).forwarded);
}

std::int64_t SolrWriter::durable_version(const std::string& collection) {
  const std::string id = std::string(1, '\0') + "durable";
  const auto held = versions(collection, std::span(&id, 1));
  return held.empty() ? 0 : held.begin()->second;
}

void SolrWriter::open_searcher(const std::string& collection, Searcher searcher,
                               std::int64_t version, Lsn position) {
  post_fence(collection,
             searcher == Searcher::kSoft ? "&softCommit=true&waitSearcher=true"
                                         : "&commit=true&openSearcher=true&waitSearcher=true",
             mark(kFenceId, version, state_member({version, position})),
             "opening of a searcher of " + collection);
}

void SolrWriter::fence(const std::string& collection, std::int64_t version) {
  post_fence(collection, "", half_mark(version), "fence of " + collection);
}

void SolrWriter::post_fence(const std::string& collection, std::string_view query,
                            const std::string& document, const std::string& action) {
  const std::string body = "[" + document + "]";
  const HttpResponse response =
      post_update(collection, "&update.chain=fence" + std::string(query), body);
  if (response.status == kConflict) {
    throw Error(Remedy::kRestart,
                "the " + action + " came too late: another daemon has begun to write there");
  }
  if (response.status != 200) throw solr_error(response, action);
  confirm(collection, body, read_update_answer(response.body).forwarded);
}

std::map<std::string, std::int64_t> SolrWriter::versions(const std::string& collection,
                                                         std::span<const std::string> ids) {
  const std::string action = "reading of versions in " + collection;
  FormParameters parameters = {
      {"wt", "json"}, {"fl", "id,_ver_"}, {"shards.preference", "replica.leader:true"},
      {"shortCircuit", "false"}};  // or a node answers from its own replica, whoever leads
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

}  // namespace daas
