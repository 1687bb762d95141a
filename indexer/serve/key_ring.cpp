#include "serve/key_ring.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/log_field.hpp"
#include "serve/key_file.hpp"

namespace daas {
namespace {

constexpr std::size_t kMostWaiting = 256;
constexpr std::chrono::milliseconds kFirstRetry{1'000};

}  // namespace

Candidates candidates(const KeySet& set, const Jws& jws) {
  Candidates found;
  std::size_t named = 0;
  for (const auto& key : set.keys) {
    found.known |= key.id() && key.id() == jws.key_id;
    if (name_of(key.algorithm()) != jws.algorithm) continue;
    named += key.id().has_value();
    if (!key.id() || !jws.key_id || key.id() == jws.key_id) found.keys.push_back(&key);
  }
  if (!jws.key_id) {
    found.known = true;
    if (named > 1) std::erase_if(found.keys, [](const SignatureKey* key) { return key->id().has_value(); });
  }
  return found;
}

KeyRing::KeyRing(Settings settings) : settings_(std::move(settings)) {
  for (const auto& path : settings_.pem_files) add(Kind::kPem, path);
  for (const auto& location : settings_.key_sets) add(is_web_address(location) ? Kind::kSetAddress : Kind::kSetFile, location);
  for (auto& source : sources_) {
    if (source.kind == Kind::kSetAddress) continue;
    // The first reading may stop the daemon; later ones keep what there was.
    check_key_file(source.kind == Kind::kPem ? KeyFile::kPem : KeyFile::kSet, source.location);
    take(source, fetch(source));
  }
  publish();
  if (!sources_.empty()) thread_ = std::thread([this] { run(); });
}

KeyRing::~KeyRing() { stop(); }

void KeyRing::add(Kind kind, const std::string& location) {
  if (kind == Kind::kSetAddress) check_web_address(location);
  sources_.push_back({kind, location});
}

void KeyRing::stop() {
  std::vector<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(waiting_);
  }
  abort_ = true;
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const KeySet> KeyRing::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

std::string KeyRing::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

bool KeyRing::refetch(std::function<void()> done) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || sources_.empty() || waiting_.size() >= kMostWaiting) return false;
  // Who comes while one was asked for that has not ended waits for the same one.
  const auto now = std::chrono::steady_clock::now();
  if (waiting_.empty() && asked_before_ && now - last_asked_ < settings_.cooldown) return false;
  if (waiting_.empty()) last_asked_ = now;
  asked_before_ = true;
  waiting_.push_back(std::move(done));
  wake_.notify_all();
  return true;
}

void KeyRing::run() {
  auto retry = kFirstRetry;
  bool first = true;
  while (true) {
    bool asked = false;
    {
      std::unique_lock lock(mutex_);
      const bool failing = std::any_of(sources_.begin(), sources_.end(), [](const Source& s) { return !s.trouble.empty(); });
      auto pause = settings_.refresh;
      if (failing) pause = std::min(pause, retry);
      retry = failing ? std::min(retry * 2, settings_.refresh) : kFirstRetry;
      if (!first) wake_.wait_for(lock, pause, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      asked = !waiting_.empty();
    }
    first = false;
    read_all();
    std::vector<std::function<void()>> served;
    if (asked) {
      // Also those who came meanwhile: the key that they lack is most likely the same. Who came while nobody had asked
      // gets a reading of his own, for this one may have begun before the key was there.
      const std::lock_guard lock(mutex_);
      served.swap(waiting_);
    }
    for (const auto& done : served) done();
  }
}

void KeyRing::read_all() {
  bool changed = false;
  for (auto& source : sources_) {
    if (abort_) return;
    changed |= read(source);
  }
  if (changed) publish();
}

std::string KeyRing::fetch(const Source& source) const {
  return source.kind == Kind::kSetAddress ? fetch_document(source.location, settings_.ca_file, kKeySetLimits, abort_)
                                          : read_key_file(source.location);
}

bool KeyRing::take(Source& source, std::string text) {
  if (source.read && text == source.text) return false;
  auto set = source.kind == Kind::kSetAddress
                 ? parse_jwk_set(text, SecretKeys::kRefused)
                 : parse_key_file(source.kind == Kind::kPem ? KeyFile::kPem : KeyFile::kSet, source.location, text);
  for (const auto& reason : set.left_out) spdlog::info("serve: {} is not used: {}", source.location, reason);
  spdlog::info("serve: {} has {} keys for tokens", source.location, set.keys.size());
  source.keys = std::move(set.keys);
  source.text = std::move(text);
  source.read = true;
  return true;
}

bool KeyRing::read(Source& source) {
  bool changed = false;
  std::string trouble;
  try {
    changed = take(source, fetch(source));
  } catch (const std::exception& error) {
    if (abort_) return false;
    trouble = error.what();
    if (trouble != source.trouble) {
      const auto* known = dynamic_cast<const Error*>(&error);
      std::optional<LogField> hint;
      if (known && !known->hint().empty()) hint.emplace("hint", known->hint());
      spdlog::warn("serve: {}: {}; {}", source.location, trouble,
                   source.read ? "the keys that it had stay in use" : "tokens of its issuer can't be checked");
    }
  }
  if (trouble.empty() && !source.trouble.empty()) spdlog::info("serve: {} can be read again", source.location);
  source.trouble = std::move(trouble);
  if (!source.read) {
    const std::lock_guard lock(mutex_);
    trouble_ = source.location + ": " + source.trouble;
  }
  return changed;
}

void KeyRing::publish() {
  auto set = std::make_shared<KeySet>();
  std::string trouble;
  for (const auto& source : sources_) {
    set->keys.insert(set->keys.end(), source.keys.begin(), source.keys.end());
    set->complete &= source.read;
    if (!source.read) trouble = source.location + ": " + (source.trouble.empty() ? "not read yet" : source.trouble);
  }
  const std::lock_guard lock(mutex_);
  set->version = current_ ? current_->version + 1 : 1;
  current_ = std::move(set);
  trouble_ = std::move(trouble);
}

}  // namespace daas
