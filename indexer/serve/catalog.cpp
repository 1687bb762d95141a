#include "serve/catalog.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "core/column_list.hpp"
#include "core/log_field.hpp"

namespace daas {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

// Notifications make definitions take effect at once; the regular reading is for the day one is
// lost.
constexpr milliseconds kRegularReading{10'000};
constexpr milliseconds kFirstRetry{200};
constexpr milliseconds kLastRetry{5'000};

constexpr const char* kQuery =
    "SELECT path, to_json(fields), to_json(filters), scope, public, max_rows, collection, columns, "
    "generation, model, target, shards "
    "FROM daas.served_api";

WriteTarget read_target(std::string_view text) {
  const json found = json::parse(text);
  WriteTarget target;
  target.relation = found.at("relation").get<std::string>();
  target.partitioned = found.at("partitioned").get<bool>();
  for (const auto& write : found.at("writes")) {
    target.insert |= write == "insert";
    target.update |= write == "update";
    target.remove |= write == "delete";
  }
  for (const auto& column : found.at("columns")) {
    target.columns.push_back({column.at("name").get<std::string>(), column.at("source").get<std::string>(),
                              column.at("type").get<std::string>(), column.at("field").get<bool>(),
                              column.at("writable").get<bool>(), column.at("deterministic").get<bool>()});
  }
  if (!found.at("key").is_null()) target.key = found.at("key").get<std::vector<std::string>>();
  return target;
}

Api read_api(const Result& rows, int row) {
  Api api;
  api.path = rows.text(row, 0);
  api.model = rows.text(row, 9);
  api.fields = json::parse(rows(row, 1)).get<std::vector<std::string>>();
  api.filters = json::parse(rows(row, 2)).get<std::vector<std::string>>();
  if (!rows.is_null(row, 3)) {
    const json scope = json::parse(rows(row, 3));
    for (const auto& [column, claim] : scope.items()) {
      api.scope.push_back({column, claim.get<std::string>()});
    }
  }
  api.is_public = rows.boolean(row, 4);
  api.max_rows = static_cast<std::uint64_t>(std::max<std::int64_t>(rows.integer(row, 5), 1));
  if (!rows.is_null(row, 10)) api.target = read_target(rows(row, 10));
  if (rows.is_null(row, 6) || rows.is_null(row, 7)) return api;
  api.collection = rows.text(row, 6);
  api.columns = parse_columns(rows(row, 7));
  api.generation = rows.is_null(row, 8) ? 0 : rows.integer(row, 8);
  api.shards = static_cast<int>(rows.integer(row, 11));
  return api;
}

}  // namespace

Catalog read_catalog(Connection& connection) {
  const auto rows = connection.run(kQuery, {});
  Catalog catalog;
  for (int row = 0; row < rows.rows(); ++row) {
    try {
      auto api = read_api(rows, row);
      catalog.apis.insert_or_assign(api.path, std::move(api));
    } catch (const std::exception& error) {
      // Not served at all is the safe side: half an API could lack half its scope.
      const LogField field("api", rows.text(row, 0));
      spdlog::error("api {}: its definition can't be read and it is not served: {}", rows(row, 0),
                    log_text(error));
    }
  }
  return catalog;
}

CatalogWatcher::CatalogWatcher(std::string conninfo)
    : conninfo_(std::move(conninfo)), wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (wake_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  thread_ = std::thread([this] { run(); });
}

CatalogWatcher::~CatalogWatcher() {
  stop_.raise();
  thread_.join();
  close(wake_fd_);
}

std::shared_ptr<const Catalog> CatalogWatcher::current() const {
  const std::lock_guard lock(mutex_);
  return catalog_;
}

std::string CatalogWatcher::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

bool CatalogWatcher::refresh(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const auto mine = ++wanted_;
  const std::uint64_t one = 1;
  if (write(wake_fd_, &one, sizeof(one)) < 0 && errno != EAGAIN) return false;
  return published_.wait_for(lock, timeout, [&] { return done_ >= mine; });
}

void CatalogWatcher::publish(Catalog catalog, std::uint64_t wanted) {
  auto snapshot = std::make_shared<const Catalog>(std::move(catalog));
  {
    const std::lock_guard lock(mutex_);
    catalog_ = std::move(snapshot);
    trouble_.clear();
    done_ = wanted;
  }
  published_.notify_all();
}

void CatalogWatcher::follow(Connection& connection) {
  // LISTEN first: a change between the reading and LISTEN would be missed.
  connection.run("LISTEN daas");
  while (true) {
    std::uint64_t count;
    if (read(wake_fd_, &count, sizeof(count)) < 0) count = 0;
    std::uint64_t wanted;
    {
      const std::lock_guard lock(mutex_);
      wanted = wanted_;
    }
    publish(read_catalog(connection), wanted);
    connection.notifications(kRegularReading, wake_fd_);
  }
}

void CatalogWatcher::run() {
  auto pause = kFirstRetry;
  std::string told;
  while (!stop_.raised()) {
    try {
      Connection connection(conninfo_, "daas serve catalog", Session::kPlain, &stop_);
      if (!told.empty()) spdlog::info("serve: connected to the database again");
      told.clear();
      pause = kFirstRetry;
      follow(connection);
    } catch (const Interrupted&) {
      return;
    } catch (const std::exception& error) {
      {
        const std::lock_guard lock(mutex_);
        trouble_ = error.what();
      }
      if (told != error.what()) {
        const auto* known = dynamic_cast<const Error*>(&error);
        spdlog::warn("serve: the APIs can't be read, the last reading stays in use: {}{}{}",
                     log_text(error), known && !known->hint().empty() ? "; " : "",
                     known ? known->hint() : "");
        told = error.what();
      }
    }
    pollfd fds{stop_.fd(), POLLIN, 0};
    poll(&fds, 1, static_cast<int>(pause.count()));
    pause = std::min(pause * 2, kLastRetry);
  }
}

}  // namespace daas
