// The second stage of a read: what was asked, of which API, with which claims, to one Solr request.
// Pure. The request's frame, generated names and user values never mix: a value is a parameter of
// its own that a query dereferences once ({!term f=F v=$v0}); only schema-checked field names,
// generated parameter names and literals printed by value_parse stand inside a query.
#pragma once

#include <chrono>
#include <limits>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/api.hpp"
#include "serve/request.hpp"
#include "serve/value_text.hpp"

namespace daas {

/// offset + limit stops here: deep paging costs Solr memory on every shard.
constexpr std::uint64_t kDeepestRow = 10'000;

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

/// A form POST to the collection's /daas handler. Parameters keep their order; names repeat (fq).
struct SolrRequest {
  std::string collection;
  std::vector<std::pair<std::string, std::string>> parameters;
};

/// Member of a row that holds what was found in its texts.
constexpr std::string_view kHighlightMember = "_highlight";

/// What response.hpp must know to answer.
struct AnswerShape {
  struct Member {
    std::string column;  ///< key in the document text
    std::string name;    ///< key in the answer
    TextForm form = {};  ///< of its values, where they are written as text
    bool as_text = false;
  };
  std::vector<Member> members;
  std::uint64_t offset = 0;
  std::uint64_t rows = 0;  ///< asked for, at most
  bool count = false;
  Format format = Format::kArray;
  bool strip_nulls = false;
  std::vector<FacetShape> facets;
  /// Column and Solr field of each text that is highlighted.
  std::vector<std::pair<std::string, std::string>> highlights;
};

struct ReadPlan {
  std::string api;
  std::string model;
  bool by_cursor = false;  ///< CursorSeal speaks of it
  /// The answer may be more than a page: the plan is of the first one, and the rest is asked for by Solr's
  /// cursor mark.
  bool streams = false;
  std::uint64_t limit = kNoLimit;  ///< rows of a stream in all
  SolrRequest solr;
  AnswerShape shape;
  std::string key = {};  ///< of its answer among those that are given again; empty: it is none of them
  std::shared_ptr<const Catalog> catalog = nullptr;  ///< that it was made from, when its maker says so
};

/// @param claims of the verified token; null when there is none (public APIs)
/// @throws Refusal 400 (names, types, limits), 403 (scope)
ReadPlan plan_read(const ApiRequest& request, const Api& api, const nlohmann::json& claims,
                   std::chrono::milliseconds time_allowed);

/// The column, for filters and order.
/// @param purpose "filtered" or "ordered", for the refusal
/// @throws Refusal 400 for one that is not the API's or of a type that can't, 503 for one that is not loaded yet
const Column& filterable(const Api& api, const std::string& name, std::string_view purpose);

/// Which columns an answer shows, under which names, and how.
/// @throws Refusal 400
AnswerShape answer_shape(const ApiRequest& request, const Api& api);

/// Asks for nothing but how fresh the collection's searcher is.
SolrRequest plan_state(const std::string& collection);

/// The scope part of plan_read alone, for before the request is read: without its claims a token
/// learns nothing about columns, not even from a 400.
/// @throws Refusal 403
void check_scope(const Api& api, const nlohmann::json& claims);

}  // namespace daas
