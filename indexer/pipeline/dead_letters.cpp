#include "pipeline/dead_letters.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "core/log_field.hpp"
#include "document/document_text.hpp"

namespace daas {
namespace {

constexpr std::size_t kLongestDocument = 1 << 20;  ///< that the table keeps
constexpr std::size_t kUnwrittenBytes = 8 << 20;   ///< in memory at most, about
constexpr std::size_t kAskedIds = 500;             ///< of one request
constexpr std::chrono::seconds kLogInterval{10};

}  // namespace

DeadLetters::DeadLetters(Bookkeeper& bookkeeper, const Model& model, ModelMetrics& metrics)
    : bookkeeper_(bookkeeper), model_(model), metrics_(metrics) {}

void DeadLetters::open(const std::string& collection) {
  auto known = bookkeeper_.letters(model_.name, collection);
  const std::lock_guard lock(mutex_);
  Book book;
  for (auto& [id, version] : known) book.versions.emplace(std::move(id), version);
  books_[collection] = std::move(book);
  count_all();
}

void DeadLetters::forget(const std::string& collection) {
  const std::lock_guard lock(mutex_);
  books_.erase(collection);
  count_all();
}

void DeadLetters::add(const std::string& collection, std::vector<RefusedDocument> refused,
                      Lsn position) {
  const std::lock_guard lock(mutex_);
  auto& book = books_[collection];
  for (auto& document : refused) {
    auto text = document_text(document.document);
    if (document.version == 0 || text.empty()) {
      Error error(Remedy::kStop, "Solr refused a tombstone or a document without a key: " + document.message);
      error.set_log_text("Solr refused a tombstone or a document without a key");
      throw error;
    }
    metrics_.refused.Increment();
    auto& version = book.versions[document.id];
    // A load's document may be refused when a batch's, which is newer, was refused already.
    if (version >= document.version) continue;
    version = document.version;
    book.replaced.erase(document.id);
    added_.insert(document.id);
    last_ = "key \"" + document.id + "\": " + document.message;
    LetterRecord letter;
    letter.key_values = column_texts(text, model_.key);
    letter.version = document.version;
    letter.position = position;
    letter.error = std::move(document.message);
    if (text.size() <= kLongestDocument) letter.document = std::move(text);
    unwritten_bytes_ += document.id.size() + letter.document.value_or("").size() + letter.error.size();
    book.unwritten[document.id] = std::move(letter);
  }
  count_all();
  // Those that are sent again may be accepted now.
  const bool too_many = book.versions.size() > model_.max_dead_letters + touched_.size();
  if (too_many || unwritten_bytes_ > kUnwrittenBytes) write_book(collection, book);
  if (too_many) check_limit(book);
}

void DeadLetters::touch(std::string_view id) {
  if (!any_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  std::string key(id);
  const bool known = std::any_of(books_.begin(), books_.end(), [&](const auto& entry) {
    return entry.second.versions.contains(key);
  });
  if (known) touched_.insert(std::move(key));
}

void DeadLetters::settle(const Versions& versions) {
  std::map<std::string, std::vector<std::string>> asked;
  std::set<std::string> ids;
  {
    const std::lock_guard lock(mutex_);
    ids = touched_;
    ids.insert(added_.begin(), added_.end());
    for (const auto& [collection, book] : books_) {
      for (const auto& id : ids) {
        if (book.versions.contains(id)) asked[collection].push_back(id);
      }
    }
  }
  for (const auto& [collection, of_it] : asked) review(collection, of_it, versions);
  const std::lock_guard lock(mutex_);
  for (auto& [collection, book] : books_) write_book(collection, book);
  // The load may have added others meanwhile.
  for (const auto& id : ids) added_.erase(id);
  touched_.clear();
  // Not of a generation that stands still: an older definition allowed its letters.
  for (const auto& [collection, of_it] : asked) check_limit(books_[collection]);
}

void DeadLetters::review(const std::string& collection, const std::vector<std::string>& ids,
                         const Versions& versions) {
  for (std::size_t first = 0; first < ids.size(); first += kAskedIds) {
    const std::vector<std::string> part(ids.begin() + static_cast<std::ptrdiff_t>(first),
                                        ids.begin() + static_cast<std::ptrdiff_t>(
                                                          std::min(ids.size(), first + kAskedIds)));
    const auto held = versions(collection, part);
    const std::lock_guard lock(mutex_);
    auto& book = books_[collection];
    for (const auto& id : part) {
      const auto letter = book.versions.find(id);
      const auto found = held.find(id);
      if (letter == book.versions.end() || found == held.end()) continue;
      if (found->second <= letter->second) continue;
      book.versions.erase(letter);
      book.unwritten.erase(id);
      book.replaced.insert(id);
    }
    count_all();
  }
}

void DeadLetters::write() {
  const std::lock_guard lock(mutex_);
  for (auto& [collection, book] : books_) write_book(collection, book);
}

void DeadLetters::write_book(const std::string& collection, Book& book) {
  if (book.unwritten.empty()) return;
  bookkeeper_.add_letters(model_.name, collection, book.unwritten);
  unlogged_ += book.unwritten.size();
  // A row that changes all the time may be refused all the time.
  if (const auto now = Clock::now(); now >= log_at_) {
    const LogField field("model", model_.name);  // a lane's thread has none
    spdlog::warn("model {}: Solr refused {} document(s), which are set aside in daas.dead_letter",
                 model_.name, std::exchange(unlogged_, 0));
    log_at_ = now + kLogInterval;
  }
  book.unwritten.clear();
  unwritten_bytes_ = 0;
}

void DeadLetters::remove_replaced() {
  if (!any_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  for (auto& [collection, book] : books_) {
    if (book.replaced.empty()) continue;
    bookkeeper_.remove_letters(model_.name, collection,
                               {book.replaced.begin(), book.replaced.end()});
    book.replaced.clear();
  }
  count_all();
}

void DeadLetters::check_limit(const Book& book) const {
  if (book.versions.size() <= model_.max_dead_letters) return;
  const auto limit = std::to_string(model_.max_dead_letters);
  const auto what = "Solr refused more documents than max_dead_letters allows (" + limit + ")";
  Error error(Remedy::kStop, what + "; the last one, " + last_,
              "SELECT * FROM daas.dead_letter WHERE model = '" + model_.name +
                  "'; mend the cause, then " + reload_statement(model_.name) +
                  ", or raise the limit: daas.alter_model('" + model_.name +
                  "', options => '{\"max_dead_letters\": …}')");
  error.set_log_text(what);
  throw error;
}

std::size_t DeadLetters::count(const std::string& collection) const {
  const std::lock_guard lock(mutex_);
  const auto book = books_.find(collection);
  return book == books_.end() ? 0 : book->second.versions.size();
}

void DeadLetters::count_all() {
  std::size_t letters = 0;
  bool any = false;
  for (const auto& [collection, book] : books_) {
    letters = std::max(letters, book.versions.size());
    any |= !book.versions.empty() || !book.replaced.empty();
  }
  metrics_.dead_letters = letters;
  any_ = any;
}

}  // namespace daas
