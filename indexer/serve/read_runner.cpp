#include "serve/read_runner.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "core/log_field.hpp"
#include "serve/read_stream.hpp"
#include "serve/representation.hpp"
#include "serve/token.hpp"

namespace daas {
namespace {

constexpr std::size_t kMostAside = 1024;
constexpr std::size_t kSmallAnswer = 32 * 1024;
constexpr std::size_t kUsualKey = 1024;
constexpr std::chrono::milliseconds kRefreshWait{2'000};
constexpr std::chrono::milliseconds kSearchGrace{2'000};  ///< after Solr's own limit
constexpr std::chrono::milliseconds kLookTimeout{1'000};
constexpr int kWorkers = 4;  ///< for what takes a while

/// Lucene bounds the automaton that a pattern becomes; only it knows what is too much.
void check_pattern(const HttpResponse& answer) {
  if (answer.status != 400 && answer.status != 500) return;
  for (const char* sign : {"TooComplexToDeterminize", "Determinizing automaton", "is too complex"}) {
    if (answer.body.find(sign) == std::string::npos) continue;
    throw Refusal(400, "54001", "a pattern of the request is too complex", {},
                  "use fewer wildcards before single characters, and smaller repetitions");
  }
}

Refusal too_many() { return unavailable("too many requests are waiting"); }

/// All that decides what the rows of an answer are, and how they look.
std::string cache_key(const ReadPlan& plan) {
  std::string key;
  key.reserve(kUsualKey);
  key += plan.solr.collection;
  const auto add = [&key](std::string_view part) {
    key += '\0';
    key += std::to_string(part.size());
    key += ':';
    key += part;
  };
  for (const auto& [name, value] : plan.solr.parameters) {
    add(name);
    add(value);
  }
  for (const auto& member : plan.shape.members) {
    add(member.column);
    add(member.name);
    key += member.as_text ? 't' : 'j';
  }
  for (const auto& facet : plan.shape.facets) add(facet.name);
  key += '\0';
  key += static_cast<char>('0' + static_cast<int>(plan.shape.format));
  key += plan.shape.strip_nulls ? 's' : '-';
  key += plan.shape.count ? 'c' : '-';
  return key;
}

}  // namespace

/// One search, perhaps again of a collection that the alias was switched to meanwhile.
struct ReadRunner::Search {
  std::shared_ptr<const Read> read;
  std::shared_ptr<const ReadPlan> plan;
  Plan again;
  std::function<void(ReadAnswer, const ReadPlan&)> use;
  Fail fail;
  std::chrono::steady_clock::time_point asked{};
  bool again_already = false;
};

ReadRunner::ReadRunner(Settings settings, CatalogWatcher& catalog, EventLoops& loops)
    : settings_(std::move(settings)),
      catalog_(catalog),
      loops_(loops),
      seal_(settings_.cursor_secret),
      cache_(settings_.cache_bytes, settings_.cache_term),
      waits_(settings_.pg_conninfo, settings_.solr),
      workers_(kWorkers, kMostAside, [] { return std::make_unique<NoTool>(); }),
      searches_(settings_.solr, loops, settings_.searches) {}

void ReadRunner::stop() {
  waits_.stop();
  workers_.stop();
  searches_.stop();
}

ReadPlan ReadRunner::make_plan(const Read& read) const {
  const auto catalog = catalog_.current();
  const Api* api = catalog->find(read.path);
  if (api == nullptr) throw no_such_api(read.path);
  // The catalog may have changed since the token was asked for.
  if (!read.authenticated && (!api->is_public || !api->scope.empty())) throw token_missing();
  if (api->collection.empty()) {
    throw not_loaded(*api);
  }
  auto plan = plan_read(read.request, *api, read.claims, settings_.time_allowed);
  if (plan.by_cursor) seal_.open(plan, *read.request.cursor);
  plan.catalog = catalog;
  // A cursor's nonce makes each answer another one, a stream has no end that could be kept, and a fence proves what
  // one shard shows: of several, an answer can't be known to be still the collection's.
  if (cache_.on() && api->shards == 1 && !plan.by_cursor && !plan.streams) plan.key = cache_key(plan);
  return plan;
}

std::shared_ptr<const ReadPlan> ReadRunner::plan(const Read& read) const { return std::make_shared<const ReadPlan>(make_plan(read)); }

ReadRunner::Fail ReadRunner::refuse(Reply reply) {
  return [reply = std::move(reply)](const ApiError& error) { reply(error_response(error)); };
}

void ReadRunner::start(PlannedRead planned, Reply reply) {
  const bool may_be_kept = !planned.plan->key.empty();
  const auto asked = std::make_shared<Asked>(
      Asked{std::move(planned.read), std::move(planned.plan), std::move(reply), std::chrono::steady_clock::now()});
  may_be_kept ? give(asked, AnswerCache::Wait::kAny) : run(asked, nullptr);
}

void ReadRunner::give(const std::shared_ptr<Asked>& asked, AnswerCache::Wait wait) {
  AnswerCache::Landed landed;
  if (wait != AnswerCache::Wait::kNone) {
    // On the loop that asked: all who waited would hold up the one that ends the flight.
    landed = [this, asked, here = loops_.here().value_or(0)](AnswerCache::Wait next) {
      boost::asio::post(loops_.at(here), [this, asked, next] {
        guarded(asked->read->path, refuse(asked->reply), [&] {
          if (asked->plan->catalog != catalog_.current()) asked->plan = plan(*asked->read);
          asked->plan->key.empty() ? run(asked, nullptr) : give(asked, next);
        });
      });
    };
  }
  auto found = cache_.find(asked->plan->solr.collection, asked->plan->key, asked->read->request.min_position.value_or(0), asked->arrived,
                           wait, std::move(landed));
  if (found.look) look(asked->plan->solr.collection, std::move(found.look));
  if (found.waits) return;
  if (found.search) {
    run(asked, std::move(found.search));
  } else if (found.answer->body.size() <= kSmallAnswer) {
    asked->reply(*found.answer);
  } else if (!run_aside(asked->read->path, [answer = found.answer, asked] { asked->reply(*answer); }, asked->reply)) {
    throw too_many();  // to be compressed takes time that the loops have not
  }
}

void ReadRunner::look(const std::string& collection, std::shared_ptr<AnswerCache::Flight> flight) {
  // Next, before all searches: many may wait for this one, and it is a small one.
  const auto request = plan_state(collection);
  const bool queued = searches_.search(
      collection, request.parameters, kLookTimeout,
      [this, collection, asked = std::chrono::steady_clock::now(), flight = std::move(flight)](SearchOutcome outcome) {
        // Without a state whoever waits searches himself, and says what is wrong.
        if (!outcome.failure.empty() || outcome.answer.status != 200) return;
        if (const auto state = read_state(std::move(outcome.answer.body))) cache_.renew(collection, *state, asked);
      },
      SearchClient::Turn::kNext);
  if (!queued) spdlog::debug("serve: too many requests are waiting for a look at {}", collection);
}

void ReadRunner::guarded(const std::string& path, const Fail& fail, const std::function<void()>& work) {
  const LogField field("api", path);
  try {
    work();
  } catch (const Refusal& refusal) {
    fail(refusal.error());
  } catch (const std::exception& error) {
    spdlog::error("serve: GET /{} failed: {}", path, log_text(error));
    fail({500, "XX000", "internal error", {}, {}, {}});
  }
}

bool ReadRunner::aside(const std::string& path, const Fail& fail, std::function<void()> work) {
  return workers_.try_run([path, fail, work = std::move(work)](NoTool&) { guarded(path, fail, work); });
}

bool ReadRunner::run_aside(const std::string& path, std::function<void()> work, Reply reply) {
  return aside(path, refuse(std::move(reply)), std::move(work));
}

void ReadRunner::run(const std::shared_ptr<Asked>& asked, std::shared_ptr<AnswerCache::Flight> flight) {
  search(
      asked->read, asked->plan, [this, asked] { return plan(*asked->read); },
      [this, asked, flight = std::move(flight)](ReadAnswer rows, const ReadPlan& planned) {
        const auto wanted = asked->read->request.min_position;
        if (wanted && !(rows.state && rows.state->position > *wanted)) return wait(asked, planned);
        asked->reply(respond(asked->read, planned, std::move(rows)));
      },
      refuse(asked->reply));
}

void ReadRunner::wait(const std::shared_ptr<Asked>& asked, const ReadPlan& planned) {
  const auto& read = *asked->read;
  const auto position = *read.request.min_position;
  const Refusal late(504, "PGRST003", "position " + to_text(position) + " is not visible yet", {},
                     "try again, or see SELECT * FROM daas.status()");
  // A replica may be ahead of the one that searches: that too goes on no longer than was said.
  if (std::chrono::steady_clock::now() >= read.deadline) throw late;
  const auto done = [this, asked, late](bool reached) {
    if (!reached) return asked->reply(error_response(late.error()));
    guarded(asked->read->path, refuse(asked->reply), [&] {
      asked->plan = plan(*asked->read);  // the definitions may have changed
      run(asked, nullptr);
    });
  };
  if (!waits_.wait(planned.model, planned.solr.collection, position, read.deadline, done)) throw too_many();
}

void ReadRunner::search(const std::shared_ptr<const Read>& read, std::shared_ptr<const ReadPlan> plan, Plan again,
                        std::function<void(ReadAnswer, const ReadPlan&)> use, Fail fail) {
  ask(std::make_shared<Search>(Search{read, std::move(plan), std::move(again), std::move(use), std::move(fail)}));
}

void ReadRunner::ask(const std::shared_ptr<Search>& search) {
  search->asked = std::chrono::steady_clock::now();
  const auto& request = search->plan->solr;
  const bool queued = searches_.search(request.collection, request.parameters, settings_.time_allowed + kSearchGrace,
                                       [this, search](SearchOutcome outcome) { found(search, std::move(outcome)); });
  if (!queued) throw too_many();
}

void ReadRunner::found(const std::shared_ptr<Search>& search, SearchOutcome outcome) {
  const auto& path = search->read->path;
  const auto on_pool = [&](std::function<void()> work) {
    if (!aside(path, search->fail, std::move(work))) search->fail(too_many().error());
  };
  if (!outcome.failure.empty()) {
    const LogField field("api", path);
    spdlog::warn("serve: GET /{}: {}", path, outcome.failure);
    search->fail(unavailable("the search engine does not answer").error());
  } else if (outcome.answer.status == 404 && !std::exchange(search->again_already, true)) {
    on_pool([this, search, outcome = std::move(outcome)] {
      if (!catalog_.refresh(kRefreshWait)) return use(*search, outcome.answer);
      // The generation was switched and the old collection is gone.
      search->plan = search->again();
      ask(search);
    });
  } else if (outcome.answer.body.size() > kSmallAnswer) {
    on_pool([this, search, answer = std::move(outcome.answer)]() mutable { use(*search, std::move(answer)); });
  } else {
    guarded(path, search->fail, [&] { use(*search, std::move(outcome.answer)); });
  }
}

void ReadRunner::use(Search& search, HttpResponse answer) {
  const auto& path = search.read->path;
  const auto& collection = search.plan->solr.collection;
  check_pattern(answer);
  if (answer.status == 404 || answer.status == 429 || answer.status >= 500) {
    spdlog::warn("serve: GET /{}: Solr answered {} for {}", path, answer.status, collection);
    throw unavailable("the search engine is not ready", "it answered with status " + std::to_string(answer.status));
  }
  if (answer.status != 200) {
    // The plan sends nothing that Solr may refuse: a defect of the daemon or a foreign configset.
    spdlog::error("serve: GET /{}: Solr answered {} for {}; its words may quote values and are in its own log", path, answer.status, collection);
    throw Refusal(500, "XX000", "the search engine refused the query",
                  "it answered with status " + std::to_string(answer.status), "see the daemon's log");
  }
  auto rows = answer_read(std::move(answer.body), search.plan->shape);
  if (rows.state) cache_.renew(collection, *rows.state, search.asked);
  search.use(std::move(rows), *search.plan);
}

ServerResponse ReadRunner::respond(const std::shared_ptr<const Read>& read, const ReadPlan& planned, ReadAnswer rows) {
  ServerResponse response;
  // The last position whose holder is served: whoever asks for it again need not wait.
  if (rows.state) response.headers.emplace_back("Daas-Position", to_text(rows.state->position - 1));
  response.status = rows.status;
  response.body = std::move(rows.body);
  response.headers.emplace_back("Content-Type", content_type(planned.shape));
  if (planned.shape.count) response.headers.emplace_back("Preference-Applied", "count=exact");
  if (planned.streams && !rows.next.empty() && rows.count == planned.shape.rows) {
    // Which row will be the last one nobody knows yet.
    response.status = 200;
    if (planned.shape.count) response.headers.emplace_back("Content-Range", "*/" + std::to_string(rows.found));
    response.more = Stream::start(*this, read, planned, rows);
    return response;
  }
  response.headers.emplace_back("Content-Range", rows.content_range);
  if (planned.by_cursor) {
    if (auto cursor = seal_.seal(planned, rows.next); !cursor.empty()) {
      response.headers.emplace_back("Daas-Cursor", std::move(cursor));
    }
  } else if (!planned.key.empty() && rows.state) {
    response.headers.emplace_back("ETag", entity_tag(response));  // once, however often it is given
    if (cache_.admits(planned.key)) {
      cache_.keep(planned.solr.collection, planned.key, *rows.state, std::make_shared<const ServerResponse>(response));
    }
  }
  return response;
}

}  // namespace daas
