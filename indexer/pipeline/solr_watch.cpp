#include "pipeline/solr_watch.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <random>
#include <utility>

#include "core/log_field.hpp"
#include "pipeline/host_name.hpp"
#include "solr/configset_check.hpp"

namespace daas {
namespace {

using Clock = std::chrono::steady_clock;

std::optional<std::string> property_in(const ClusterState& cluster, const std::string& name_space) {
  const auto found = cluster.properties.find(claim_property(name_space));
  if (found == cluster.properties.end()) return std::nullopt;
  return found->second;
}

std::string random_name() {
  std::random_device source;
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%08x%08x", source(), source());
  return text.data();
}

std::string holder() {
  return host_name() + ", pid " + std::to_string(getpid());
}

/// Waits until the claim's beat must have grown, if its daemon lives.
void wait_for_silence(SolrAdmin& admin, const IndexContext& context, const std::string& seen,
                      const Interrupt& interrupt) {
  const auto deadline = Clock::now() + 3 * kBeatInterval;
  while (Clock::now() < deadline) {
    interrupt.wait(std::chrono::milliseconds(500));
    if (property_in(admin.cluster_state(), context.name_space) == seen) continue;
    const auto claim = parse_claim(seen);
    throw Error(Remedy::kRetry,
                "the Solr namespace " + context.name_space + " belongs to another copy of this "
                "database, whose daas-indexer runs (" + (claim ? claim->holder : "unknown") + ")",
                "stop that one, choose another --solr-namespace, or start once with --adopt to take "
                "the namespace over");
  }
}

/// What daas.status() says of a configset with that file changed, and what to run.
void note_configset(IndexContext& context, const std::string& changed_file) {
  if (changed_file.empty()) {
    context.notice.set({});
    return;
  }
  const auto words = "the configset " + context.configset + " in Solr was changed by someone else (" +
                     changed_file + "): documents may be refused, and filters mean something else; "
                     "a start with --adopt uploads the daemon's own again and loads every model anew";
  spdlog::warn("{}", words);
  context.notice.set(words);
}

}  // namespace

Succession check_claim(SolrAdmin& admin, const IndexContext& context, const Standing& ours,
                       const Interrupt& interrupt, std::optional<std::string>& silent) {
  const auto text = property_in(admin.cluster_state(), context.name_space);
  auto succession = succeed(text, ours, context.options.adopt, context.name_space);
  if (succession.only_from_the_dead && text != silent) {
    wait_for_silence(admin, context, *text, interrupt);
    silent = text;
  }
  return succession;
}

SolrWatch::SolrWatch(IndexContext& context, const Standing& ours, const Interrupt& interrupt,
                     std::function<void()> looked)
    : context_(context), admin_(context.options.solr, &interrupt_.flag()), files_(context.options.solr, &interrupt_.flag()), looked_(std::move(looked)) {
  claim_.owner = ours.owner;
  claim_.timeline = ours.timeline;
  claim_.epoch = context.epoch;
  claim_.beat = ours.beat;
  claim_.run = random_name();
  claim_.holder = holder();
  with_retry(interrupt, [](const std::string&) {}, [&] { write_claim(); });
  look();
  thread_ = std::thread([this] { run(); });
}

SolrWatch::~SolrWatch() {
  interrupt_.raise();
  thread_.join();
}

std::unique_ptr<SolrSighting> SolrWatch::take() {
  const std::lock_guard lock(mutex_);
  return std::move(sighting_);
}

void SolrWatch::write_claim() {
  claim_.generation = context_.bookkeeper.highest_generation();
  admin_.set_cluster_property(claim_property(context_.name_space), to_text(claim_));
}

void SolrWatch::look_at_configset() {
  constexpr int kEach = 3;
  if (looks_++ % kEach != 0) return;
  // One that is gone is made again by the next load.
  const auto changed = changed_file(files_, context_.configset);
  if (changed == changed_file_) return;
  changed_file_ = changed;
  note_configset(context_, changed);
}

void SolrWatch::look() {
  const auto cluster = admin_.cluster_state();
  const auto text = property_in(cluster, context_.name_space);
  const auto claim = text ? parse_claim(*text) : std::nullopt;
  // One that nobody can read was spoilt by hand: nobody else holds it. One of an earlier epoch is a late
  // beat of a run that has ended, or that will end when it sees ours: whoever takes the namespace
  // begins above all that Solr knows.
  const bool late = claim && claim->owner == claim_.owner && claim->epoch < claim_.epoch;
  if (claim && claim->run != claim_.run && !late) {
    throw Error(Remedy::kRestart, "another daas-indexer took the Solr namespace " +
                                      context_.name_space + " (" + claim->holder + ", epoch " +
                                      std::to_string(claim->epoch) + ")");
  }
  auto sighting = std::make_unique<SolrSighting>();
  sighting->aliases = admin_.aliases();
  const auto metrics = admin_.core_metrics();
  for (const auto& [name, state] : cluster.collections) {
    sighting->collections.emplace(name, incarnation_of(cluster, state, metrics));
  }
  const std::lock_guard lock(mutex_);
  sighting_ = std::move(sighting);
}

void SolrWatch::run() {
  const LogField epoch("epoch", context_.epoch);
  while (true) {
    try {
      interrupt_.wait(kBeatInterval);
      // The database first: what Solr knows more than it means that it went back.
      claim_.beat = context_.bookkeeper.beat();
      look();
      write_claim();
      looked_();
      look_at_configset();
    } catch (const Interrupted&) {
      return;
    } catch (const TransferAborted&) {
      return;
    } catch (const PgError&) {
      context_.fail(std::current_exception());
      return;
    } catch (const Error& error) {
      // Solr is away: whoever needs it says so.
      if (error.remedy() == Remedy::kRetry) {
        spdlog::debug("the namespace {} can't be looked at: {}", context_.name_space,
                      error.log_text());
        continue;
      }
      context_.fail(std::current_exception());
      return;
    }
  }
}

}  // namespace daas
