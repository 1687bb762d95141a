#include "pipeline/namespace_claim.hpp"

#include <nlohmann/json.hpp>

#include "core/error.hpp"

namespace daas {
namespace {

using nlohmann::json;

Error refused(const std::string& name_space, const std::string& why, const std::string& hint) {
  return Error(Remedy::kRetry, "the Solr namespace " + name_space + " " + why, hint);
}

}  // namespace

std::string claim_property(const std::string& name_space) { return "ext.daas." + name_space; }

std::string to_text(const NamespaceClaim& claim) {
  return json{{"owner", claim.owner},           {"timeline", claim.timeline},
              {"epoch", claim.epoch},           {"beat", claim.beat},
              {"generation", claim.generation}, {"run", claim.run},
              {"holder", claim.holder}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

std::optional<NamespaceClaim> parse_claim(std::string_view text) {
  const json value = json::parse(text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  try {
    NamespaceClaim claim;
    value.at("owner").get_to(claim.owner);
    value.at("timeline").get_to(claim.timeline);
    value.at("epoch").get_to(claim.epoch);
    value.at("beat").get_to(claim.beat);
    value.at("generation").get_to(claim.generation);
    value.at("run").get_to(claim.run);
    value.at("holder").get_to(claim.holder);
    return claim;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

Succession succeed(const std::optional<std::string>& text, const Standing& ours, bool adopt,
                   const std::string& name_space) {
  Succession succession;
  if (!text) return succession;
  const auto claim = parse_claim(*text);
  if (!claim) {
    succession.missed = "the mark " + claim_property(name_space) + " in Solr can't be read";
    return succession;
  }
  succession.epoch_after = claim->epoch;
  succession.beat_after = claim->beat;
  succession.generation_after = claim->generation;
  const auto of_holder = " (daas-indexer on " + claim->holder + ", epoch " +
                         std::to_string(claim->epoch) + ")";
  if (claim->owner != ours.owner) {
    if (!adopt) {
      throw refused(name_space,
                    "belongs to the database " + claim->owner + of_holder + ", not to this one (" +
                        ours.owner + ")",
                    "choose another --solr-namespace, or start once with --adopt to take it over");
    }
    succession.missed = "--adopt took the namespace over from the database " + claim->owner;
  } else if (claim->timeline > ours.timeline) {
    if (!adopt) {
      throw refused(name_space,
                    "was taken over by a server that was promoted from this one or restored: it is on "
                    "timeline " + std::to_string(claim->timeline) + of_holder +
                        ", this server is on timeline " + std::to_string(ours.timeline),
                    "point --pg-replication at that server, choose another --solr-namespace, or "
                    "start once with --adopt to take it back");
    }
    succession.missed = "--adopt took the namespace back from timeline " +
                        std::to_string(claim->timeline);
  } else if (claim->timeline < ours.timeline) {
    succession.missed = "the server was promoted or restored: timeline " +
                        std::to_string(claim->timeline) + " became " + std::to_string(ours.timeline);
  } else if (claim->epoch > ours.epoch || claim->beat > ours.beat) {
    succession.missed = "the database is a copy of an earlier state: Solr knows epoch " +
                        std::to_string(claim->epoch) + ", beat " + std::to_string(claim->beat) +
                        ", the database epoch " + std::to_string(ours.epoch) + ", beat " +
                        std::to_string(ours.beat);
    succession.only_from_the_dead = !adopt;
  }
  return succession;
}

}  // namespace daas
