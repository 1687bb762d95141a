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

#include "config.hpp"
#include "hash_password.hpp"
#include "pipeline/index_role.hpp"
#include "serve/serve_role.hpp"
#include "version.hpp"

namespace {

void set_up_log(const std::string& level) {
  const auto parsed = spdlog::level::from_str(level);
  if (parsed == spdlog::level::off && level != "off") {
    throw daas::Error(daas::Remedy::kStop,
                      "--log-level is \"" + level + "\"; it is debug, info, warning or error");
  }
  spdlog::set_level(parsed);
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  spdlog::flush_on(spdlog::level::info);
}

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
  });
  if (serve) serve->start();
  admin.start();
  if (index) index->start();
  spdlog::info("daas-indexer {} runs: {}{}{}; /readyz and /metrics on {}", daas::kVersion,
               index ? "index" : "", index && serve ? " and " : "",
               serve ? "serve on " + config.serve_options.listen : "", config.admin_listen);

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
    const auto config = daas::read_config(argc, argv, std::cout);
    if (!config) return 0;
    set_up_log(config->log_level);
    return run(*config);
  } catch (const daas::Error& error) {
    std::cerr << "daas-indexer: " << error.what() << '\n';
    if (!error.hint().empty()) std::cerr << "HINT: " << error.hint() << '\n';
  } catch (const std::exception& error) {
    std::cerr << "daas-indexer: " << error.what() << '\n';
  }
  return 1;
}
