// The last stage of a read: Solr's answer to the client's. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/lsn.hpp"
#include "serve/plan.hpp"
#include "serve/refusal.hpp"

namespace daas {

/// What the searcher of a collection shows. Equal states of one collection show equal documents.
struct CollectionState {
  /// Every commit that was finished when the insert LSN was below it is in the rows (V of docs/delivery.md).
  Lsn position = 0;
  std::int64_t fence = 0;  ///< version of the fence
  bool operator==(const CollectionState&) const = default;
};

constexpr std::size_t kLargestBody = 64 << 20;  ///< bytes of rows in one answer

struct ReadAnswer {
  unsigned status = 200;
  std::string body;
  std::string content_range;
  std::string next;  ///< Solr's mark of where the next page begins; empty: there is none, or it was not asked for
  std::uint64_t count = 0;  ///< rows of the body
  std::uint64_t found = 0;  ///< rows in all
  /// What the searcher showed; nothing when that is not known.
  std::optional<CollectionState> state;
};

/// The state in an answer to plan_state(). Nothing when it is not known or the answer is not one.
std::optional<CollectionState> read_state(std::string solr_body);

/// Copies the asked columns' raw bytes out of each document text, so that every number, string and
/// nested value is PostgreSQL's own; a column that a document lacks is null. CSV and casts to text hold
/// PostgreSQL's text output.
/// @param solr_body consumed; gets padding for the parser
/// @throws Refusal 504 for a search that was cut short, 406 and 416 of the dialect, and 502 when
///         the answer can't be understood
ReadAnswer answer_read(std::string solr_body, const AnswerShape& shape);

/// The same bytes for the same document texts, wherever they come from.
/// @throws Refusal 500 for a text that is no JSON object
std::string write_documents(std::span<const std::string_view> documents, const AnswerShape& shape);

/// The media type of an answer of that shape.
const char* content_type(const AnswerShape& shape);

}  // namespace daas
