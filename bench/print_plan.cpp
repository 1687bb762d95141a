// print-plan CONNINFO TARGET CLAIMS: the Solr request that the daemon makes of a read, as one line of JSON
// {"collection": …, "parameters": [[name, value], …]}. For bench/reads.py, which lets nginx ask the same.
#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "pg/connection.hpp"
#include "serve/catalog.hpp"
#include "serve/plan.hpp"
#include "serve/request.hpp"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: print-plan CONNINFO TARGET CLAIMS\n";
    return 2;
  }
  try {
    daas::Connection connection(argv[1], "daas print-plan", daas::Session::kPlain, nullptr);
    const auto catalog = daas::read_catalog(connection);
    const auto target = daas::parse_target(argv[2]);
    const daas::Api* const api = catalog.find(target.segments.at(0));
    if (api == nullptr || api->collection.empty()) {
      std::cerr << "print-plan: no such API, or not loaded yet\n";
      return 1;
    }
    const auto request = daas::parse_read(target, {}, api->path, api->filters, api->fields);
    const auto plan = daas::plan_read(request, *api, nlohmann::json::parse(argv[3]), std::chrono::seconds(5));
    std::cout << nlohmann::json{{"collection", plan.solr.collection}, {"parameters", plan.solr.parameters}}.dump() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "print-plan: " << error.what() << '\n';
    return 1;
  }
}
