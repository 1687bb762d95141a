#include "solr/configset_check.hpp"

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "solr/answer.hpp"
#include "solr/configset.hpp"
#include "solr/form.hpp"

namespace daas {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

json znode(HttpConnection& solr, const std::string& path) {
  const auto response = solr.get(
      "/admin/zookeeper?" + form_encode({{"wt", "json"}, {"detail", "true"}, {"path", path}}), 15s);
  if (response.status != 200) throw solr_error(response, "reading of " + path);
  auto answer = json::parse(response.body, nullptr, false);
  if (!answer.is_object()) throw Error(Remedy::kRetry, "Solr's answer for " + path + " is not JSON");
  return answer;
}

std::set<std::string> children(const json& answer) {
  std::set<std::string> names;
  for (const auto& node : answer.at("tree")) {
    if (!node.contains("children")) continue;
    for (const auto& child : node.at("children")) names.insert(child.at("text").get<std::string>());
  }
  return names;
}

}  // namespace

std::string changed_file(HttpConnection& solr, const std::string& configset) {
  const auto root = "/configs/" + configset;
  try {
    auto there = children(znode(solr, root));
    for (const auto& file : configset_files()) {
      const std::string name(file.name);
      if (there.erase(name) == 0) return name;
      if (znode(solr, root + "/" + name).at("znode").at("data").get<std::string>() != file.content) {
        return name;
      }
    }
    return there.empty() ? std::string() : *there.begin();
  } catch (const json::exception& error) {
    throw Error(Remedy::kRetry, "Solr's answer for " + root + " is not one: " + error.what());
  }
}

void restore_configset(HttpConnection& solr, const std::string& configset,
                       const std::vector<std::string>& collections) {
  const auto upload =
      solr.post("/admin/configs?action=UPLOAD&wt=json&overwrite=true&cleanup=true&name=" +
                    percent_encode(configset),
                "application/octet-stream", configset_zip(), 200s);
  if (upload.status != 200) throw solr_error(upload, "upload of the configset " + configset);
  for (const auto& collection : collections) {
    const auto reload = solr.get("/admin/collections?" + form_encode({{"wt", "json"},
                                                                      {"action", "RELOAD"},
                                                                      {"name", collection}}),
                                 200s);
    if (reload.status != 200) throw solr_error(reload, "reload of the collection " + collection);
  }
}

}  // namespace daas
