// The keys that tokens of other issuers are checked with, kept as fresh as their sources: PEM files,
// JSON Web Key sets in files and on the web.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "serve/jwk_set.hpp"
#include "serve/jws.hpp"
#include "serve/signature_key.hpp"
#include "serve/web_document.hpp"

namespace daas {

/// Of a set on the web.
constexpr WebLimits kKeySetLimits{256 * 1024, std::chrono::milliseconds(3'000)};

/// All keys at one moment. Immutable once shared.
struct KeySet {
  std::vector<SignatureKey> keys;
  std::uint64_t version = 0;  ///< grows with each set that differs from the one before
  bool complete = true;       ///< every source has been read at least once
};

/// What of a set may check a token: keys of exactly its alg whose kid is the token's, and those
/// that have none (PEM has no place for one). A token without kid may be checked with a named key
/// only if that is the one of its alg.
struct Candidates {
  std::vector<const SignatureKey*> keys;
  bool known = false;  ///< false: the token names a key that the set has not got
};
Candidates candidates(const KeySet& set, const Jws& jws);


/// Thread-safe. Owns one thread, which reads the sources again and again. What a source said last
/// stays in use while it can't be read or says nonsense.
class KeyRing {
 public:
  struct Settings {
    std::vector<std::string> pem_files;
    std::vector<std::string> key_sets;  ///< files and web addresses
    std::string ca_file;                ///< of the web; empty: the system's certificates
    std::chrono::milliseconds refresh{300'000};
    std::chrono::milliseconds cooldown{10'000};  ///< between readings that tokens ask for
  };

  /// Files are read at once. @throws Error
  explicit KeyRing(Settings settings);
  ~KeyRing();
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  std::shared_ptr<const KeySet> current() const;
  /// Reads the sources again, for a token of a key that is not known, and then calls `done`, on the
  /// ring's thread. False, and `done` is dropped, when that was done just now, so that tokens
  /// that somebody made up can't make this daemon hammer the issuer, or too many wait already.
  bool refetch(std::function<void()> done);
  /// Why a source has never been read; empty when all have.
  std::string trouble() const;
  /// Ends the thread; what waits is dropped. Idempotent.
  void stop();

 private:
  enum class Kind { kPem, kSetFile, kSetAddress };
  struct Source {
    Kind kind;
    std::string location;
    std::vector<SignatureKey> keys{};
    std::string text{};     ///< as it was read last
    std::string trouble{};  ///< of the last reading
    bool read = false;      ///< ever
  };

  void add(Kind kind, const std::string& location);
  void run();
  void read_all();
  std::string fetch(const Source& source) const;
  /// True when it said something else than before.
  static bool take(Source& source, std::string text);
  /// Takes what the source says now, or notes and logs why not. True when that is something else.
  bool read(Source& source);
  void publish();

  const Settings settings_;
  std::vector<Source> sources_;  ///< of the thread, once it runs
  std::atomic<bool> abort_{false};

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::shared_ptr<const KeySet> current_;
  std::string trouble_;
  std::vector<std::function<void()>> waiting_;
  std::chrono::steady_clock::time_point last_asked_{};
  bool asked_before_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace daas
