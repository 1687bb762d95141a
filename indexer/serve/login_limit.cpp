#include "serve/login_limit.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

namespace daas {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kMostKnown = 65'536;
constexpr std::chrono::hours kKnownFor{24 * 30};

/// An address as it stands in a list: without blanks, brackets and port.
std::string bare(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.starts_with('[')) return std::string(text.substr(1, text.find(']') - 1));
  if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
  return std::string(text);
}

/// IPv4 in its plain form also where it comes as ::ffff:1.2.3.4; nothing for what is no address.
std::string normal(std::string_view text) {
  boost::system::error_code error;
  auto address = ip::make_address(bare(text), error);
  if (error) return {};
  if (address.is_v6() && address.to_v6().is_v4_mapped()) address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
  if (address.is_v6()) {
    auto v6 = address.to_v6();
    v6.scope_id(0);
    address = v6;
  }
  return address.to_string();
}

std::string counted(const std::string& normal) {
  boost::system::error_code error;
  const auto address = ip::make_address(normal, error);
  if (error || address.is_v4()) return normal;
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 8, bytes.end(), 0);
  return ip::address_v6(bytes).to_string() + "/64";
}

bool is_proxy(const std::string& address, const std::vector<std::string>& proxies) {
  boost::system::error_code error;
  const auto parsed = ip::make_address(address, error);
  if (!error && parsed.is_loopback()) return true;
  return std::any_of(proxies.begin(), proxies.end(), [&](const auto& proxy) { return normal(proxy) == address; });
}

/// An address has no line break, so no two pairs have one name.
std::string pair_of(const std::string& account, const std::string& address) { return account + '\n' + address; }

}  // namespace

std::string client_address(const std::string& peer, std::string_view forwarded_for, const std::vector<std::string>& proxies) {
  auto address = normal(peer);
  while (is_proxy(address, proxies) && !forwarded_for.empty()) {
    const auto comma = forwarded_for.rfind(',');
    const auto next = normal(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
    if (next.empty()) break;  // "unknown", or nonsense: the one who wrote it is all that is known
    address = next;
    forwarded_for = comma == std::string_view::npos ? std::string_view() : forwarded_for.substr(0, comma);
  }
  return counted(address);
}

bool LoginLimit::knows(const std::string& pair, Clock::time_point now) const {
  const std::lock_guard lock(mutex_);
  const auto found = known_by_name_.find(pair);
  return found != known_by_name_.end() && now - found->second->second < kKnownFor;
}

void LoginLimit::check(const std::string& account, const std::string& address, Clock::time_point now) const {
  const auto pair = pair_of(account, address);
  auto wait = pairs_.wait(pair, now);
  if (!wait) wait = addresses_.wait(address, now);
  if (!wait && !knows(pair, now)) wait = accounts_.wait(account, now);
  if (wait) throw too_many_requests("too many logins have failed", *wait);
}

void LoginLimit::failed(const std::string& account, const std::string& address, Clock::time_point now) {
  const auto pair = pair_of(account, address);
  pairs_.charge(pair, now);
  addresses_.charge(address, now);
  if (!knows(pair, now)) accounts_.charge(account, now);
}

void LoginLimit::succeeded(const std::string& account, const std::string& address, Clock::time_point now) {
  const auto pair = pair_of(account, address);
  pairs_.forget(pair);
  const std::lock_guard lock(mutex_);
  if (const auto found = known_by_name_.find(pair); found != known_by_name_.end()) {
    known_.splice(known_.begin(), known_, found->second);
    known_.front().second = now;
    return;
  }
  if (known_.size() >= kMostKnown) {
    known_by_name_.erase(known_.back().first);
    known_.pop_back();
  }
  known_.emplace_front(pair, now);
  known_by_name_.emplace(pair, known_.begin());
}

}  // namespace daas
