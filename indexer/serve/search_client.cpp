#include "serve/search_client.hpp"

#include <curl/curl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <list>
#include <optional>
#include <utility>

#include "core/error.hpp"
#include "serve/base64.hpp"
#include "serve/search_wire.hpp"

namespace daas {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostWaiting = 1024;
constexpr std::chrono::milliseconds kConnectTimeout{2'000};
constexpr std::chrono::milliseconds kLook{50};  ///< how often the time of searches is looked at

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

SolrNode parse_node(std::string text) {
  while (!text.empty() && text.back() == '/') text.pop_back();
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  const auto part = [&](CURLUPart which, unsigned flags = 0) {
    char* value = nullptr;
    if (curl_url_get(url.get(), which, &value, flags) != CURLUE_OK) return std::string();
    std::string copy(value);
    curl_free(value);
    return copy;
  };
  if (!url || curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    throw Error(Remedy::kStop, "not a Solr URL: " + text, "--solr http://host:8983/solr");
  }
  SolrNode node{.url = text, .tls = part(CURLUPART_SCHEME) == "https", .host = part(CURLUPART_HOST),
                .port = part(CURLUPART_PORT, CURLU_DEFAULT_PORT), .authority = {}, .path = part(CURLUPART_PATH)};
  node.authority = node.host + ":" + node.port;
  if (node.host.starts_with('[')) node.host = node.host.substr(1, node.host.size() - 2);
  if (node.path == "/") node.path.clear();
  return node;
}

}  // namespace

/// What lanes share. Immutable but for the counter.
struct SearchClient::Shared {
  std::vector<SolrNode> nodes;
  std::optional<asio::ssl::context> tls;
  std::string authorization;  ///< a whole header line, or empty
  std::atomic<int> free{1};  ///< searches that may begin; below 0 by those that each lane may always make
  std::atomic<std::size_t> waiting{0};
  std::atomic<bool> stopping{false};
};

/// All of it on its loop's thread, but for the constructor and stop().
class SearchClient::Lane {
 public:
  struct Call {
    std::string target;  ///< below a node's path
    std::string form;
    std::chrono::milliseconds timeout;
    Done done;
  };

  Lane(Shared& shared, asio::io_context& loop) : shared_(shared), loop_(loop), look_(loop) {}

  void take(Call call, Turn turn) {
    waiting_.insert(turn == Turn::kNext ? waiting_.begin() : waiting_.end(), std::move(call));
    begin();
  }

  /// Begins with one that waits, if it may.
  void begin() {
    if (waiting_.empty() || shared_.stopping) return;
    // One at least: else the slots of the others, who go on as long as something waits for them, would never be free for it.
    if (shared_.free.fetch_sub(1) <= 0 && running_ > 0) {
      ++shared_.free;
      return;
    }
    asio::co_spawn(loop_, work(Slot(*this)), asio::detached);
  }

  void stop() {
    auto dropped = std::exchange(waiting_, {});
    shared_.waiting -= dropped.size();
    look_.cancel();
    for (auto& one : underway_) one.wire->close();
    idle_.clear();
  }
  bool idle() const { return running_ == 0; }

  std::function<void()> on_free;  ///< others may begin

 private:
  /// The right to search. Also given back when a coroutine's frame is destroyed.
  class Slot {
   public:
    explicit Slot(Lane& lane) : lane_(&lane) { ++lane.running_; }
    Slot(Slot&& other) noexcept : lane_(std::exchange(other.lane_, nullptr)) {}
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (lane_ == nullptr) return;
      --lane_->running_;
      ++lane_->shared_.free;
      if (lane_->shared_.waiting > 0 && !lane_->shared_.stopping) lane_->on_free();
    }

   private:
    Lane* lane_;
  };
  struct Idle {
    std::size_t node;
    std::unique_ptr<SearchWire> wire;
  };
  struct Underway {
    SearchWire* wire;
    Clock::time_point deadline;
    bool late = false;
  };
  /// Closes the wire when its time is over.
  class Watch {
   public:
    Watch(Lane& lane, SearchWire& wire, std::chrono::milliseconds time) : lane_(lane) {
      lane.underway_.push_back({&wire, Clock::now() + time});
      here_ = std::prev(lane.underway_.end());
      if (!lane.looking_) lane.look();
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch() { lane_.underway_.erase(here_); }
    bool late() const { return here_->late; }

   private:
    Lane& lane_;
    std::list<Underway>::iterator here_;
  };

  /// One search after the other, until none is waiting.
  OnLoop<void> work(Slot) {
    while (!waiting_.empty() && !shared_.stopping) {
      Call call = std::move(waiting_.front());
      waiting_.pop_front();
      --shared_.waiting;
      SearchOutcome outcome;
      try {
        outcome = co_await ask(call);
      } catch (const std::exception& failure) {
        outcome.failure = failure.what();
      }
      try {
        call.done(std::move(outcome));
      } catch (const std::exception& failure) {
        spdlog::error("serve: work failed: {}", failure.what());  // of memory, most likely: one request's end
      }
      // What ends with `call` may ask for more, which is why it was taken off the queue.
    }
  }

  OnLoop<SearchOutcome> ask(const Call& call) {
    SearchOutcome outcome;
    std::string failures;
    for (std::size_t tries = 0; tries < shared_.nodes.size() && !shared_.stopping;) {
      const auto index = node_;
      const auto& node = shared_.nodes[index];
      auto wire = kept(index);
      const bool fresh = wire == nullptr;
      if (fresh) {
        wire = open_wire(loop_, node, node.tls ? &*shared_.tls : nullptr);
        const Watch watch(*this, *wire, std::min<std::chrono::milliseconds>(kConnectTimeout, call.timeout));
        const auto failure = co_await wire->connect();
        if (!failure.empty()) {
          failures += (failures.empty() ? "" : "; ") + node.url + ": " + (watch.late() ? "connecting takes too long" : failure);
          // Others may have turned to the next one meanwhile.
          if (node_ == index) node_ = (index + 1) % shared_.nodes.size();
          ++tries;
          continue;
        }
      }
      const auto request = request_to(node, call);
      std::string failure;
      bool late = false;
      {
        const Watch watch(*this, *wire, call.timeout);
        failure = co_await wire->exchange(request, outcome.answer);
        late = watch.late();
      }
      if (failure.empty()) {
        if (wire->keeps && !shared_.stopping) idle_.push_back({index, std::move(wire)});
        co_return outcome;
      }
      // A kept connection may have been at its end already.
      if (!fresh && !wire->heard && !late && !shared_.stopping) continue;
      outcome.failure = "no answer from Solr, " + node.url + call.target + ": " + (late ? "it takes too long" : failure);
      co_return outcome;
    }
    outcome.failure = "Solr can't be reached: " + failures;
    co_return outcome;
  }

  std::unique_ptr<SearchWire> kept(std::size_t node) {
    while (!idle_.empty()) {
      auto last = std::move(idle_.back());
      idle_.pop_back();
      // Of a node that was passed over: not used any more.
      if (last.node == node) return std::move(last.wire);
    }
    return nullptr;
  }

  std::string request_to(const SolrNode& node, const Call& call) const {
    std::string request;
    request.reserve(call.form.size() + 512);
    request.append("POST ").append(node.path).append(call.target).append(" HTTP/1.1\r\nHost: ").append(node.authority);
    request.append("\r\nUser-Agent: daas\r\nAccept: */*\r\nContent-Type: application/x-www-form-urlencoded\r\n").append(shared_.authorization);
    request.append("Content-Length: ").append(std::to_string(call.form.size())).append("\r\n\r\n").append(call.form);
    return request;
  }

  /// One timer for all: a timer of each would cost more than a search's other work here.
  void look() {
    looking_ = true;
    look_.expires_after(kLook);
    look_.async_wait([this](const boost::system::error_code& error) {
      looking_ = false;
      if (error || underway_.empty()) return;
      const auto now = Clock::now();
      for (auto& one : underway_) {
        if (one.deadline > now) continue;
        one.late = true;
        one.wire->close();
      }
      look();
    });
  }

  Shared& shared_;
  asio::io_context& loop_;
  asio::steady_timer look_;
  bool looking_ = false;
  std::size_t node_ = 0;  ///< the one that answered last, or that will be tried first
  std::size_t running_ = 0;
  std::deque<Call> waiting_;
  std::vector<Idle> idle_;
  std::list<Underway> underway_;
};

SearchClient::SearchClient(SolrEndpoint endpoint, EventLoops& loops, int at_a_time)
    : shared_(std::make_unique<Shared>()), loops_(loops) {
  for (auto& url : endpoint.urls) shared_->nodes.push_back(parse_node(std::move(url)));
  shared_->free = std::max(1, at_a_time);
  if (std::any_of(shared_->nodes.begin(), shared_->nodes.end(), [](const auto& node) { return node.tls; })) {
    auto& tls = shared_->tls.emplace(asio::ssl::context::tls_client);
    tls.set_verify_mode(asio::ssl::verify_peer);
    boost::system::error_code error;
    endpoint.ca_file.empty() ? tls.set_default_verify_paths(error) : tls.load_verify_file(endpoint.ca_file, error);
    if (error) throw Error(Remedy::kStop, "can't read the certificates of " + endpoint.ca_file + ": " + error.message(), "--solr-ca-file FILE");
  }
  if (!endpoint.user.empty()) {
    shared_->authorization = "Authorization: Basic " + base64_encode(endpoint.user + ":" + endpoint.password, Base64Alphabet::kStandard) + "\r\n";
  }
  for (std::size_t i = 0; i < loops.size(); ++i) {
    lanes_.push_back(std::make_unique<Lane>(*shared_, loops.at(i)));
    lanes_.back()->on_free = [this] {
      for (std::size_t other = 0; other < lanes_.size(); ++other) {
        asio::post(loops_.at(other), [lane = lanes_[other].get()] { lane->begin(); });
      }
    };
  }
}

SearchClient::~SearchClient() = default;

bool SearchClient::search(const std::string& collection, const FormParameters& parameters, std::chrono::milliseconds timeout, Done done,
                          Turn turn) {
  if (shared_->stopping) return false;
  if (shared_->waiting.fetch_add(1) >= kMostWaiting) {
    --shared_->waiting;
    return false;
  }
  Lane::Call call{"/" + percent_encode(collection) + "/daas", form_encode(parameters), timeout, std::move(done)};
  if (const auto here = loops_.here()) {
    lanes_[*here]->take(std::move(call), turn);
    return true;
  }
  const auto index = loops_.next();
  asio::post(loops_.at(index), [lane = lanes_[index].get(), call = std::move(call), turn]() mutable { lane->take(std::move(call), turn); });
  return true;
}

void SearchClient::stop() {
  shared_->stopping = true;
  for (const auto& lane : lanes_) lane->stop();
  // What was resolving a name is called back only when the system's resolver has given up.
  do {
    loops_.clear();
  } while (!std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->idle(); }));
  for (const auto& lane : lanes_) lane->stop();  // and what was posted meanwhile
}

}  // namespace daas
