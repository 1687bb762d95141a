#include "serve/openapi_answer.hpp"

#include <nlohmann/json.hpp>

#include "serve/text_cursor.hpp"

namespace daas {
namespace {

constexpr std::size_t kMostBytes = 16 << 20;

}  // namespace

ServerResponse OpenApiAnswers::answer(const std::shared_ptr<const Catalog>& catalog, const nlohmann::json* claims,
                                      const std::string& accept) {
  using nlohmann::ordered_json;
  const auto apis = visible_apis(*catalog, claims);
  // All that a document depends on: a path has no line break in it.
  std::string key;
  for (const Api* const api : apis) key.append(api->path).append(1, '\n');

  auto body = kept(catalog, key);
  if (!body) {
    body = std::make_shared<const std::string>(openapi(apis, server_).dump(-1, ' ', false, ordered_json::error_handler_t::replace));
    keep(catalog, std::move(key), body);
  }
  ServerResponse response;
  const bool named = lower_ascii(accept).find("application/openapi+json") != std::string::npos;
  response.headers.emplace_back("Content-Type", named ? "application/openapi+json; charset=utf-8" : "application/json; charset=utf-8");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.body = *body;
  return response;
}

OpenApiAnswers::Body OpenApiAnswers::kept(const std::shared_ptr<const Catalog>& catalog, const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (catalog_ != catalog) return nullptr;
  const auto found = bodies_.find(key);
  return found == bodies_.end() ? nullptr : found->second;
}

void OpenApiAnswers::keep(const std::shared_ptr<const Catalog>& catalog, std::string key, Body body) {
  const std::lock_guard lock(mutex_);
  // An older catalog's document may come last and make room for nobody: the next request asks anew.
  if (catalog_ != catalog || bytes_ + body->size() > kMostBytes) {
    bodies_.clear();
    bytes_ = 0;
  }
  catalog_ = catalog;
  if (body->size() > kMostBytes) return;
  const auto size = body->size();
  if (bodies_.emplace(std::move(key), std::move(body)).second) bytes_ += size;
}

}  // namespace daas
