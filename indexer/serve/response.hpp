// The last stage of a read: Solr's answer to the client's. Pure.
#pragma once

#include <string>
#include <string_view>

#include "serve/plan.hpp"
#include "serve/refusal.hpp"

namespace daas {

struct ReadAnswer {
  unsigned status = 200;
  std::string body;
  std::string content_range;
};

/// Copies the asked columns' raw bytes out of each document text, so that every number, string and
/// nested value is PostgreSQL's own; a column that a document lacks is null.
/// @param solr_body consumed; gets padding for the parser
/// @throws Refusal 504 for a search that was cut short, 406 and 416 of the dialect, and 502 when
///         the answer can't be understood
ReadAnswer answer_read(std::string solr_body, const AnswerShape& shape);

}  // namespace daas
