#include "check/solr_check.hpp"

#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <vector>

#include "solr/admin.hpp"
#include "solr/answer.hpp"
#include "solr/form.hpp"
#include "solr/http.hpp"
#include "solr/open_door.hpp"

namespace daas {
namespace {

using nlohmann::json;

constexpr int kOldestVersion = 9;
constexpr std::chrono::milliseconds kTimeout{10'000};
constexpr const char* kRights =
    "give the user of --solr-auth-file the permissions collection-admin-read, collection-admin-edit, "
    "config-read, config-edit, metrics-read, health, read and update in security.json";

std::string text_at(const json& answer, const char* path) {
  const json::json_pointer pointer(path);
  return answer.contains(pointer) && answer[pointer].is_string() ? answer[pointer].get<std::string>() : "";
}

void fail_answer(const std::string& what, const HttpResponse& response, Findings& findings) {
  if (response.status == 401) {
    findings.fail(what, "401: the credentials are missing or wrong",
                  "put a line user:password of a user that Solr knows into a file and name it with --solr-auth-file");
  } else if (response.status == 403) {
    findings.fail(what, "403: the user may not do that", kRights);
  } else {
    findings.fail(what, "answered " + std::to_string(response.status) + ": " + solr_message(response), {});
  }
}

/// What a node says of itself; false when it can't be used.
bool check_node(const SolrEndpoint& endpoint, const std::string& url, std::string& cluster, Findings& findings) {
  const auto what = "Solr " + url;
  SolrEndpoint one = endpoint;
  one.urls = {url};
  try {
    HttpConnection connection(one);
    const auto response = connection.get("/admin/info/system?wt=json", kTimeout);
    if (response.status != 200) {
      fail_answer(what, response, findings);
      return false;
    }
    const auto answer = json::parse(response.body, nullptr, false);
    const auto version = text_at(answer, "/lucene/solr-spec-version");
    if (version.empty()) {
      findings.fail(what, "does not answer as Solr does", "--solr http://HOST:8983/solr, with the path");
      return false;
    }
    if (std::atoi(version.c_str()) < kOldestVersion) {
      findings.fail(what, "has version " + version + "; daas needs Solr 9", "install Solr 9");
      return false;
    }
    if (text_at(answer, "/mode") != "solrcloud") {
      findings.fail(what, "is not a SolrCloud", "start it with ZooKeeper: bin/solr start -c, or -z HOSTS");
      return false;
    }
    const auto zookeeper = text_at(answer, "/zkHost");
    if (!cluster.empty() && zookeeper != cluster) {
      findings.fail(what, "is of the cluster " + zookeeper + ", another --solr of " + cluster,
                    "name nodes of one cluster only");
      return false;
    }
    cluster = zookeeper;
    const bool named = !endpoint.user.empty();
    findings.ok(what, version + ", SolrCloud" + (named ? ", as user " + endpoint.user : ""));
    if (named && url.starts_with("http://") && !is_loopback_url(url)) {
      findings.warn(what + ", encryption", "the password and all rows cross the network in the clear",
                    "turn on TLS in Solr, --solr https://…, --solr-ca-file FILE");
    }
    return true;
  } catch (const Error& error) {
    const bool tls = std::string_view(error.what()).find("SSL") != std::string_view::npos ||
                     std::string_view(error.what()).find("certificate") != std::string_view::npos;
    findings.fail(what, error.what(),
                  tls ? "--solr-ca-file must hold the CA of the server's certificate, and the URL the name in it"
                      : "curl -i " + url + "/admin/info/system");
    return false;
  }
}

void check_door(const SolrEndpoint& endpoint, Findings& findings) {
  try {
    const auto open = open_node(endpoint);
    if (open.empty()) {
      findings.ok("Solr's door", "closed to strangers of other machines");
    } else {
      findings.warn("Solr's door", open + " " + kOpenSolr, kOpenSolrHint);
    }
  } catch (const Error& error) {
    findings.warn("Solr's door", error.what(), {});
  }
}

/// Rights are proved by using them. Every request here changes nothing.
bool check_rights(const SolrPlan& plan, Findings& findings) {
  struct Probe {
    const char* permission;
    std::string path;
  };
  std::vector<Probe> probes{{"collection-admin-read", "/admin/collections?wt=json&action=CLUSTERSTATUS"}};
  if (plan.index) {
    probes.push_back({"metrics-read", "/admin/metrics?wt=json&group=core&prefix=TLOG.state"});
    probes.push_back({"config-read", "/admin/configs?wt=json&action=LIST"});
    // An alias that can't exist: `!` is in no namespace.
    probes.push_back({"collection-admin-edit", "/admin/collections?wt=json&action=DELETEALIAS&name=daas%21check"});
  }
  bool good = true;
  HttpConnection connection(plan.endpoint);
  std::string proved;
  for (const auto& [permission, path] : probes) {
    const auto response = connection.get(path, kTimeout);
    if (response.status == 200 && proved.empty()) {
      const auto nodes = parse_cluster_state(response.body).live_nodes.size();
      findings.ok("Solr's live nodes", std::to_string(nodes));
    }
    if (response.status == 401 || response.status == 403 || response.status >= 500) {
      fail_answer(std::string("Solr's permission ") + permission, response, findings);
      good = false;
    } else {
      proved += (proved.empty() ? "" : ", ") + std::string(permission);
    }
  }
  if (good) findings.ok("Solr's permissions", proved);
  return good;
}

void check_namespace(const SolrPlan& plan, SolrAdmin& admin, Findings& findings) {
  const auto prefix = plan.name_space + ".";
  bool ours = true;
  for (const auto& [alias, collection] : admin.aliases()) {
    if (!alias.starts_with(prefix) || plan.owner.empty()) continue;
    const auto properties = admin.alias_properties(alias);
    const auto owner = properties.find("daas.owner");
    if (owner == properties.end() || owner->second == plan.owner) continue;
    const auto what = "Solr's alias " + alias;
    const auto why = "belongs to the database " + owner->second + ", this one is " + plan.owner;
    if (plan.adopt) {
      findings.warn(what, why + "; --adopt takes it over", {});
    } else {
      findings.fail(what, why, "--solr-namespace NAME, or start once with --adopt to take it over");
      ours = false;
    }
  }
  std::vector<std::string> collections;
  for (auto& name : admin.list_collections()) {
    if (name.starts_with(prefix)) collections.push_back(std::move(name));
  }
  admin.wait_ready(collections, SolrAdmin::Clock::now(), {});
  if (ours) {
    findings.ok("Solr's namespace " + plan.name_space,
                std::to_string(collections.size()) + " collections, all can be written and read");
  }
}

}  // namespace

void check_solr(const SolrPlan& plan, Findings& findings) {
  std::string cluster;
  std::size_t usable = 0;
  for (const auto& url : plan.endpoint.urls) {
    if (check_node(plan.endpoint, url, cluster, findings)) ++usable;
  }
  check_door(plan.endpoint, findings);
  if (usable == 0) return;
  try {
    if (!check_rights(plan, findings) || !plan.index || plan.name_space.empty()) return;
    SolrAdmin admin(plan.endpoint);
    findings.ok("Solr's configset", admin.ensure_configset(plan.name_space) + " is there");
    check_namespace(plan, admin, findings);
  } catch (const Error& error) {
    findings.fail("Solr", error.what(), error.hint().empty() ? kRights : error.hint());
  }
}

}  // namespace daas
