// daas-indexer: starts the roles that the options ask for and ends them on SIGTERM or SIGINT.
#include <prometheus/metric_family.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <exception>
#include <iterator>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "check_command.hpp"
#include "config.hpp"
#include "core/error.hpp"
#include "core/log_field.hpp"
#include "hash_password.hpp"
#include "log/record_format.hpp"
#include "pipeline/index_role.hpp"
#include "serve/serve_role.hpp"
#include "solr/door_watch.hpp"
#include "solr/open_door.hpp"
#include "version.hpp"

namespace {

std::vector<prometheus::MetricFamily> build_info() {
  prometheus::ClientMetric metric;
  metric.gauge.value = 1;
  metric.label.push_back({"version", daas::kVersion});
  return {{"daas_build_info", "The version that runs.", prometheus::MetricType::Gauge, {metric}}};
}

int run(const daas::Config& config) {
  // Blocked in every thread; sigwait() takes them. A write to a closed socket is an error code.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  std::unique_ptr<daas::IndexRole> index;
  std::unique_ptr<daas::ServeRole> serve;
  if (config.index) index = std::make_unique<daas::IndexRole>(config.index_options);
  if (config.serve) serve = std::make_unique<daas::ServeRole>(config.serve_options);
  daas::AdminServer::Status status;
  if (index) status = [&](const std::string& exact) { return index->status(exact); };
  daas::AdminServer admin(config.admin_listen, [&] {
    daas::Readiness readiness;
    readiness.ready = !index || index->ready(readiness.reason);
    if (readiness.ready && serve) readiness = serve->readiness();
    return readiness;
  }, [&] {
    auto families = build_info();
    const auto add = [&](std::vector<prometheus::MetricFamily> more) {
      std::move(more.begin(), more.end(), std::back_inserter(families));
    };
    if (index) add(index->metrics());
    if (serve) add(serve->metrics());
    return families;
  }, status);
  if (serve) serve->start();
  admin.start();
  if (index) index->start();
  spdlog::info("daas-indexer {} runs: {}{}{}; /readyz, /metrics and /status on {}", daas::kVersion,
               index ? "index" : "", index && serve ? " and " : "",
               serve ? "serve on " + config.serve_options.listen : "", config.admin_listen);

  const daas::DoorWatch door(config.index_options.solr, [](const std::string& url) {
    spdlog::warn("Solr {} {} HINT: {}", url, daas::kOpenSolr, daas::kOpenSolrHint);
  });
  int received = 0;
  sigwait(&signals, &received);
  spdlog::info("{}: ending", received == SIGTERM ? "SIGTERM" : "SIGINT");
  // Reads under way are answered first; the indexer's work is safe at any point.
  if (serve) serve->stop();
  if (index) index->stop();
  admin.stop();
  spdlog::info("ended");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc > 1 && std::string_view(argv[1]) == "hash-password") return daas::hash_password();
    if (argc > 1 && std::string_view(argv[1]) == "check") return daas::check_command(argc, argv, std::cout);
    const auto config = daas::read_config(argc, argv, std::cout);
    if (!config) return 0;
    daas::set_up_log(config->log_level, config->log_format);
    try {
      return run(*config);
    } catch (const daas::Error& error) {
      // A record like any other, for whoever reads them by machine.
      if (config->log_format != "json") throw;
      const daas::LogField hint("hint", error.hint());
      spdlog::error("{}", error.log_text());
      return 1;
    }
  } catch (const daas::Error& error) {
    std::cerr << "daas-indexer: " << error.what() << '\n';
    if (!error.hint().empty()) std::cerr << "HINT: " << error.hint() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "daas-indexer: " << error.what() << '\n';
  }
  return 1;
}
