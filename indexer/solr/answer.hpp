// What Solr's answers mean. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/document.hpp"
#include "core/error.hpp"
#include "solr/http.hpp"

namespace daas {

/// Solr's own words for a failure: error.msg of a JSON answer, else the start of the text.
std::string solr_message(const HttpResponse& response);

/// The error that an answer other than 200 stands for. Its remedy is core/remedy.hpp's;
///   400, 413, 414, 415  the request is wrong and stays wrong: stop
///   401, 403            credentials, or a read-only collection: stop
///   everything else     retry; 404 too, since a restarting Solr does not know its collections yet
/// @param action what was asked, for the message: "update of shop.flights.g3"
Error solr_error(const HttpResponse& response, std::string_view action);

/// What became of an update's documents, as far as its 200 tells.
struct UpdateAnswer {
  /// What the tolerant chain refused, from responseHeader.errors: ids and Solr's words, which are cut.
  std::vector<RefusedDocument> refused;
  /// Ids that the asked node passed on to a leader on another node, when `versions=true` was asked for:
  /// it gives them the version 0. Solr answers 200 also when that leader got only some of them.
  std::vector<std::string> forwarded;
};

/// Throws Error(kRetry) when the body is not an update's answer, Error(kStop) when something other than
/// an addition was refused.
UpdateAnswer read_update_answer(std::string_view body);

}  // namespace daas
