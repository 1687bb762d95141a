#include "serve/read_runner.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/log_field.hpp"
#include "serve/read_stream.hpp"
#include "serve/representation.hpp"
#include "serve/token.hpp"

namespace daas {
namespace {

constexpr std::size_t kMostReads = 1024;
constexpr std::size_t kSmallAnswer = 32 * 1024;
constexpr std::chrono::milliseconds kRefreshWait{2'000};

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
  std::string key = plan.solr.collection;
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

ReadRunner::ReadRunner(Settings settings, CatalogWatcher& catalog)
    : settings_(std::move(settings)),
      catalog_(catalog),
      seal_(settings_.cursor_secret),
      cache_(settings_.cache_bytes, settings_.cache_term),
      waits_(settings_.pg_conninfo, settings_.solr),
      workers_(std::max(1, settings_.threads), kMostReads,
               [this] { return std::make_unique<SolrQuery>(settings_.solr, &abort_); }) {}

void ReadRunner::stop() {
  abort_ = true;
  waits_.stop();
  workers_.stop();
}

ReadPlan ReadRunner::plan(const Read& read) const {
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

void ReadRunner::start(std::shared_ptr<const Read> read, Reply reply) {
  auto planned = plan(*read);  // refused here, a bad request costs no worker
  if (planned.key.empty()) {
    if (!run(std::move(read), std::move(planned), std::move(reply))) throw too_many();
    return;
  }
  give(std::make_shared<Asked>(Asked{std::move(read), std::move(planned), std::move(reply), std::chrono::steady_clock::now()}), true);
}

void ReadRunner::give(const std::shared_ptr<Asked>& asked, bool may_wait) {
  AnswerCache::Landed landed;
  if (may_wait) {
    landed = [this, asked] {
      try {
        give(asked, false);
      } catch (const Refusal& refusal) {
        asked->reply(error_response(refusal.error()));
      }
    };
  }
  auto found = cache_.find(asked->planned.solr.collection, asked->planned.key, asked->read->request.min_position.value_or(0), asked->arrived,
                           std::move(landed));
  if (found.look) look(asked->planned.solr.collection, std::move(found.look));
  if (found.waits) return;
  if (found.search) {
    if (!run(asked->read, asked->planned, asked->reply, std::move(found.search))) throw too_many();
  } else if (found.answer->body.size() <= kSmallAnswer) {
    asked->reply(*found.answer);
  } else if (!run_aside(asked->read->path, [answer = found.answer, asked] { asked->reply(*answer); }, asked->reply)) {
    throw too_many();  // to be compressed takes time that the server's threads have not
  }
}

void ReadRunner::look(const std::string& collection, std::shared_ptr<AnswerCache::Flight> flight) {
  // Next, before all searches: many may wait for this one.
  const bool queued = workers_.try_run(
      [this, collection, flight = std::move(flight)](SolrQuery& solr) {
        const auto asked = std::chrono::steady_clock::now();
        const auto request = plan_state(collection);
        try {
          auto answer = solr.search(collection, request.parameters, settings_.time_allowed);
          if (answer.status != 200) return;
          if (const auto state = read_state(std::move(answer.body))) cache_.renew(collection, *state, asked);
        } catch (const Error& error) {
          // Whoever waits searches himself, and says what is wrong.
          spdlog::debug("serve: the state of {} is not known: {}", collection, error.log_text());
        }
      },
      WorkerPool<SolrQuery>::Turn::kNext);
  if (!queued) spdlog::debug("serve: too many requests are waiting for a look at {}", collection);
}

bool ReadRunner::run(const std::string& path, std::function<void(SolrQuery&)> use,
                     std::function<void(const ApiError&)> fail) {
  return workers_.try_run([path, use = std::move(use), fail = std::move(fail)](SolrQuery& solr) {
    const LogField field("api", path);
    try {
      use(solr);
    } catch (const Refusal& refusal) {
      fail(refusal.error());
    } catch (const std::exception& error) {
      spdlog::error("serve: GET /{} failed: {}", path, log_text(error));
      fail({500, "XX000", "internal error", {}, {}, {}});
    }
  });
}

bool ReadRunner::run_aside(const std::string& path, std::function<void()> work, Reply reply) {
  return run(
      path, [work = std::move(work)](SolrQuery&) { work(); },
      [reply = std::move(reply)](const ApiError& error) { reply(error_response(error)); });
}

bool ReadRunner::run(std::shared_ptr<const Read> read, ReadPlan planned, Reply reply, std::shared_ptr<AnswerCache::Flight> flight) {
  const auto path = read->path;
  return run(
      path,
      [this, read = std::move(read), planned = std::move(planned), reply, flight = std::move(flight)](SolrQuery& solr) mutable {
        auto response = answer(solr, read, planned);
        if (response) return reply(*std::move(response));
        wait(read, planned, reply);
      },
      [reply](const ApiError& error) { reply(error_response(error)); });
}

void ReadRunner::wait(std::shared_ptr<const Read> read, const ReadPlan& planned, Reply reply) {
  const auto position = *read->request.min_position;
  const Refusal late(504, "PGRST003", "position " + to_text(position) + " is not visible yet", {},
                     "try again, or see SELECT * FROM daas.status()");
  // A replica may be ahead of the one that searches: that too goes on no longer than was said.
  if (std::chrono::steady_clock::now() >= read->deadline) throw late;
  const auto done = [this, read, planned, reply, late](bool reached) {
    if (!reached) return reply(error_response(late.error()));
    if (!run(read, planned, reply)) reply(error_response(too_many().error()));
  };
  if (!waits_.wait(planned.model, planned.solr.collection, position, read->deadline, done)) throw too_many();
}

ReadAnswer ReadRunner::search(SolrQuery& solr, const Read& read, ReadPlan& planned,
                              const std::function<ReadPlan()>& again) {
  const auto time_limit = settings_.time_allowed + std::chrono::milliseconds(2'000);
  HttpResponse answer;
  auto asked = std::chrono::steady_clock::now();
  try {
    answer = solr.search(planned.solr.collection, planned.solr.parameters, time_limit);
    if (answer.status == 404 && catalog_.refresh(kRefreshWait)) {
      // The generation was switched and the old collection is gone.
      planned = again();
      asked = std::chrono::steady_clock::now();
      answer = solr.search(planned.solr.collection, planned.solr.parameters, time_limit);
    }
  } catch (const Error& error) {
    spdlog::warn("serve: GET /{}: {}", read.path, error.log_text());
    throw unavailable("the search engine does not answer");
  }
  check_pattern(answer);
  if (answer.status == 404 || answer.status == 429 || answer.status >= 500) {
    spdlog::warn("serve: GET /{}: Solr answered {} for {}", read.path, answer.status, planned.solr.collection);
    throw unavailable("the search engine is not ready", "it answered with status " + std::to_string(answer.status));
  }
  if (answer.status != 200) {
    // The plan sends nothing that Solr may refuse: a defect of the daemon or a foreign configset.
    spdlog::error("serve: GET /{}: Solr answered {} for {}; its words may quote values and are in its own log",
                  read.path, answer.status, planned.solr.collection);
    throw Refusal(500, "XX000", "the search engine refused the query",
                  "it answered with status " + std::to_string(answer.status), "see the daemon's log");
  }
  auto rows = answer_read(std::move(answer.body), planned.shape);
  if (rows.state) cache_.renew(planned.solr.collection, *rows.state, asked);
  return rows;
}

std::optional<ServerResponse> ReadRunner::answer(SolrQuery& solr, const std::shared_ptr<const Read>& read,
                                                 ReadPlan& planned) {
  if (planned.catalog != catalog_.current()) planned = plan(*read);
  auto rows = search(solr, *read, planned, [&] { return plan(*read); });
  if (const auto wanted = read->request.min_position; wanted && !(rows.state && rows.state->position > *wanted)) {
    return std::nullopt;
  }
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
    cache_.keep(planned.solr.collection, planned.key, *rows.state,
                std::make_shared<const ServerResponse>(response));
  }
  return response;
}

}  // namespace daas
