#include "serve/write_service.hpp"

#include <spdlog/spdlog.h>

#include <set>

#include "core/log_field.hpp"
#include "serve/pg_refusal.hpp"
#include "serve/response.hpp"
#include "serve/token.hpp"
#include "serve/write_request.hpp"

namespace daas {

struct WriteService::Write {
  std::string path;
  std::string method;
  WriteRequest request;
  nlohmann::json claims;
  std::shared_ptr<const Catalog> catalog;  ///< that the plan was made from
  WritePlan plan;
};

namespace {

constexpr std::chrono::milliseconds kDefinitionWait{2'000};
constexpr int kMostReadings = 4;  // a table may be renamed twice in a row

bool allows(const WriteTarget& target, std::string_view method) {
  return method == "POST" ? target.insert : method == "PATCH" ? target.update : target.remove;
}

/// The API as it is now; it may have changed since the request came.
const Api& present(const Catalog& catalog, const std::string& path, std::string_view method) {
  const Api* api = catalog.find(path);
  if (api == nullptr) throw Refusal(404, "PGRST205", "Could not find the API '" + path + "'");
  if (!api->target || !allows(*api->target, method) || api->is_public) {
    throw Refusal(405, "PGRST117", "Unsupported HTTP method: " + std::string(method));
  }
  if (api->collection.empty()) throw not_loaded(*api);
  return *api;
}

/// A statement that names what is gone: the definition changed a moment ago.
bool is_outdated(const PgError& error) {
  return error.sqlstate() == "42703" || error.sqlstate() == "42P01" || error.sqlstate() == "42704";
}

/// Of all rows, each once.
std::vector<std::string> named_members(const WriteRequest& request) {
  std::set<std::string> names;
  for (const auto& row : request.rows) {
    for (const auto& [name, value] : row) names.insert(name);
  }
  return {names.begin(), names.end()};
}

ServerResponse written(const WriteRequest& request, const WritePlan& plan, const WriteResult& result) {
  ServerResponse response;
  const bool insert = request.kind == WriteRequest::Kind::kInsert;
  response.status = insert ? 201 : plan.representation ? 200 : 204;
  const auto total = request.read.count ? std::to_string(result.count) : std::string("*");
  const bool range = request.kind == WriteRequest::Kind::kUpdate && result.count > 0;
  response.headers.emplace_back("Content-Range", (range ? "0-" + std::to_string(result.count - 1) : std::string("*")) + "/" + total);
  if (!result.position.empty()) response.headers.emplace_back("Daas-Position", result.position);
  if (!request.applied.empty()) response.headers.emplace_back("Preference-Applied", request.applied);
  if (!plan.representation) return response;
  std::vector<std::string_view> documents(result.documents.begin(), result.documents.end());
  response.body = write_documents(documents, plan.shape);
  response.headers.emplace_back("Content-Type", content_type(plan.shape));
  return response;
}

}  // namespace

std::vector<std::string_view> methods_of(const Api& api) {
  std::vector<std::string_view> methods{"GET", "HEAD"};
  if (!api.target) return methods;
  for (const char* method : {"POST", "PATCH", "DELETE"}) {
    if (allows(*api.target, method)) methods.emplace_back(method);
  }
  return methods;
}

void WriteService::handle(const ServerRequest& request, const Target& target, const std::string& path, nlohmann::json claims,
                          HttpServer::Reply reply) {
  if (!desk_) {
    throw Refusal(501, "PGRST127", "Feature not implemented", "this server has no role that writes",
                  "start daas-indexer with --pg-writer, a role equipped by SELECT daas.grant_role('writer', …)");
  }
  auto write = std::make_shared<Write>();
  write->path = path;
  write->method = request.method;
  write->claims = std::move(claims);
  write->catalog = catalog_.current();
  const auto& api = present(*write->catalog, path, request.method);
  check_scope(api, write->claims);
  write->request = parse_write(request.method, target,
                               {request.prefer, request.accept, request.content_type, request.content_profile},
                               request.body, api.path, api.filters, api.fields);
  write->plan = plan_write(write->request, api, write->claims);  // refused here, a bad request costs no worker
  const bool queued = desk_->try_run([this, write, reply](WriteSession& session) {
    const LogField field("api", write->path);
    try {
      reply(answer(session, *write));
    } catch (const Refusal& refusal) {
      reply(error_response(refusal.error()));
    } catch (const Interrupted&) {
      reply(error_response(unavailable("the server is about to end").error()));
    } catch (const std::exception& error) {
      spdlog::error("serve: {} /{} failed: {}", write->method, write->path, log_text(error));
      reply(error_response({500, "XX000", "internal error", {}, {}, {}}));
    }
  });
  if (!queued) throw unavailable("too many writes are waiting");
}

ServerResponse WriteService::answer(WriteSession& session, Write& write) {
  for (int attempt = 1;; ++attempt) {
    const auto catalog = catalog_.current();
    const auto& api = present(*catalog, write.path, write.method);
    if (catalog != write.catalog) {
      write.plan = plan_write(write.request, api, write.claims);
      write.catalog = catalog;
    }
    try {
      return written(write.request, write.plan, session.run(write.plan, api, write.claims));
    } catch (const PgError& error) {
      if (attempt < kMostReadings && is_outdated(error) && catalog_.refresh(kDefinitionWait)) continue;
      auto told = write_error(error, api, named_members(write.request));
      // A value that names no object, or a trigger that is broken.
      const bool unclear = told.code != error.sqlstate() && told.status == 400;
      if (told.status >= 500 || told.status == 403 || unclear) spdlog::warn("serve: {} /{}: {}", write.method, write.path, error.log_text());
      return error_response(told);
    }
  }
}

void WriteService::stop() {
  if (desk_) desk_->stop();
}

}  // namespace daas
