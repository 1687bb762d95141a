// Who writes into a namespace of Solr: a mark beside the collections, so that a database that went
// back, a copy of it, and a server that was replaced know what they are. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace daas {

/// The mark. It is kept as the cluster property ext.daas.NAMESPACE, as a JSON object.
struct NamespaceClaim {
  std::string owner;           ///< "system/database", as the alias property daas.owner
  std::uint32_t timeline = 0;  ///< of the server's WAL; grows with each promotion or recovery
  std::int64_t epoch = 0;
  std::int64_t beat = 0;       ///< daas.daemon.beat: grows as long as the daemon lives
  int generation = 0;          ///< highest number that was given to a generation
  std::string run;             ///< random, of one run of one daemon
  std::string holder;          ///< that daemon, in words

  bool operator==(const NamespaceClaim&) const = default;
};

std::string claim_property(const std::string& name_space);
std::string to_text(const NamespaceClaim& claim);
/// Nothing when the text is no claim.
std::optional<NamespaceClaim> parse_claim(std::string_view text);

/// What the database knows of itself.
struct Standing {
  std::string owner;
  std::uint32_t timeline = 0;
  std::int64_t epoch = 0;
  std::int64_t beat = 0;
};

/// On what terms a database takes a namespace.
struct Succession {
  /// Why what Solr holds can't be relied on; empty: it can. Otherwise every model is loaded anew.
  std::string missed;
  /// The claim may belong to another copy of the database that is still alive: only if its beat stands
  /// still.
  bool only_from_the_dead = false;
  std::int64_t epoch_after = 0;  ///< the new epoch must be higher, or Solr drops what is written
  std::int64_t beat_after = 0;
  int generation_after = 0;
};

/// Throws Error(kRetry), with what to run, when the namespace is another's. `adopt` takes it anyway.
/// @param text of the property; nothing when there is none
Succession succeed(const std::optional<std::string>& text, const Standing& ours, bool adopt,
                   const std::string& name_space);

}  // namespace daas
