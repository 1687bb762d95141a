// Facets: how many rows have which value, or lie in which range. All but the answer is pure text to text:
//
//   _facet  = facet *( "," facet )
//   facet   = [ alias ":" ] name [ "(" ( digits / range ) ")" ]    digits: most buckets, by default 100
//   range   = bound ".." bound "," step                            from the first, below the second
//
// Names, bounds and steps may stand in quotes. Counted are the rows that the filters and the scope leave, and
// no bucket is ever told of that they do not: its existence alone would tell of rows of other scopes.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/api.hpp"

namespace daas {

/// What a client asked for.
struct Facet {
  std::string name;  ///< of the answer's member
  std::string column;
  std::uint64_t most = 100;  ///< buckets
  std::string from;          ///< of ranges: bounds and step as texts; a step is never empty
  std::string to;
  std::string step;
};

/// @throws Refusal 400
std::vector<Facet> parse_facets(std::string_view text);

/// What turns Solr's buckets into the answer's.
struct FacetShape {
  std::string name;
  std::string key;   ///< in Solr's answer
  ValueType type{};  ///< of the values
  std::vector<std::string> bounds;  ///< of ranges: JSON values, one more than there are buckets
};

/// @param facet_number makes the key
/// @param member gets `"KEY":{…}` for json.facet, of generated text only
/// @throws Refusal 400: the type has no such facet, a bound is no value of it, over 1,000 buckets
FacetShape plan_facet(const Facet& facet, std::size_t facet_number, const Column& column, const Api& api, std::string& member);

/// A JSON array: `{"value":…,"count":n}` by falling count, NULL last, or `{"from":…,"to":…,"count":n}`.
/// @throws simdjson::simdjson_error
std::string facet_answer(simdjson::ondemand::object facet, const FacetShape& shape);

}  // namespace daas
