// The first stage of a read: bytes of a request target and its headers to an ApiRequest. Pure.
// Knows the grammar of the dialect, not the columns' types: that is plan.hpp.
//
//   target    = "/" name [ "?" param *( "&" param ) ]      percent-encoded UTF-8, "+" is a space
//   param     = "select=" item *( "," item ) | "order=" term *( "," term ) | "limit=" digits | "offset=" digits
//             | "_cursor=" [ cursor ] | "_facet=" facets | "_q=" text | "_highlight=" name *( "," name )
//             | column "=" filter | [ "not." ] ( "and" | "or" ) "=" tree
//   item      = "*" | [ name ":" ] name [ "::" type ]
//   term      = name [ "." ( "asc" | "desc" ) ] [ "." ( "nullsfirst" | "nullslast" ) ]
//   name      = bare | DQUOTE *( char | "\" char ) DQUOTE
// Filters and trees: filter_grammar.hpp; facets: facet.hpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/lsn.hpp"
#include "serve/facet.hpp"
#include "serve/refusal.hpp"
#include "serve/text_cursor.hpp"

namespace daas {

enum class Operator : std::uint8_t {
  kEq, kNeq, kGt, kGte, kLt, kLte, kIn, kIs, kIsDistinct,
  kLike, kILike, kMatch, kIMatch,
  kContains, kContained, kOverlaps,  ///< cs, cd, ov
  kFts, kPlainFts, kPhraseFts, kWebFts,  ///< see text_search.hpp
};

/// Whether it is one of full text.
constexpr bool asks_words(Operator op) {
  return op == Operator::kFts || op == Operator::kPlainFts || op == Operator::kPhraseFts || op == Operator::kWebFts;
}

/// Whether it is one of arrays' elements.
constexpr bool asks_elements(Operator op) {
  return op == Operator::kContains || op == Operator::kContained || op == Operator::kOverlaps;
}

/// A condition on a column, or several conditions that are joined.
struct Filter {
  enum class Logic : std::uint8_t { kNone, kAnd, kOr };
  enum class Quantifier : std::uint8_t { kNone, kAny, kAll };

  std::string column;
  bool negated = false;
  Operator op = Operator::kEq;
  Quantifier quantifier = Quantifier::kNone;
  /// One text; any number for kIn, a quantifier, and what asks of arrays; for kIs one of null, not_null,
  /// true, false, unknown.
  std::vector<std::string> values;
  bool null_among_values = false;
  std::string language;  ///< of full text, when the request names one
  Logic logic = Logic::kNone;
  std::vector<Filter> parts;  ///< with a logic: what it joins; `column` to `values` mean nothing then
};

struct Selection {
  std::string column;  ///< empty: every field of the API (a column may well be named `*`)
  std::string name;    ///< of the answer's member
  std::string cast;    ///< type after ::, in lower case; empty: none
};

struct OrderTerm {
  std::string column;
  bool descending = false;
  std::optional<bool> nulls_first;  ///< absent: PostgreSQL's default (last when ascending)
};

/// How the rows are written.
enum class Format : std::uint8_t {
  kArray,   ///< a JSON array of objects
  kObject,  ///< one object: application/vnd.pgrst.object+json
  kCsv,     ///< text/csv
  kLines,   ///< an object a line: application/x-ndjson
};

/// What a client asked for.
struct ApiRequest {
  std::vector<Selection> select;  ///< empty: every field
  std::vector<Filter> filters;    ///< all of them must hold
  std::vector<OrderTerm> order;
  std::optional<std::uint64_t> limit;
  std::uint64_t offset = 0;
  bool count = false;  ///< Prefer: count=…
  Format format = Format::kArray;
  bool strip_nulls = false;           ///< members that are null are left out
  std::optional<std::string> search;   ///< _q=
  std::vector<std::string> highlight;  ///< _highlight=
  std::vector<Facet> facets;          ///< _facet=
  std::optional<std::string> cursor;  ///< _cursor=: empty for the first page, then what the last answer gave
  std::optional<Lsn> min_position;            ///< Daas-Min-Position
  std::optional<std::chrono::seconds> wait;   ///< Prefer: wait=…
};

/// A decoded request target.
struct Target {
  std::vector<std::string> segments;  ///< of the path
  std::vector<std::pair<std::string, std::string>> parameters;
};

/// @throws Refusal 400 for broken percent encoding, bytes that are not UTF-8, and NUL.
Target parse_target(std::string_view target);

/// Headers that change what a read answers.
struct ReadHeaders {
  std::string prefer;
  std::string accept;
  std::string accept_profile;
  std::string min_position = {};
  std::string range = {};
};

/// @param filterable columns that a parameter may name; listed when an unknown one is refused
/// @param readable a parameter may name these, too: why they can't be filtered by is plan.hpp's
/// @throws Refusal
ApiRequest parse_read(const Target& target, const ReadHeaders& headers, std::string_view api,
                      const std::vector<std::string>& filterable,
                      const std::vector<std::string>& readable = {});

/// A column's name at the cursor, with the blanks around it.
/// @param what and text, for the refusal
/// @throws Refusal 400
std::string take_name(TextCursor& cursor, std::string_view what, std::string_view text);

/// What the dialect has and this server has not.
Refusal not_implemented(std::string details);
/// In PostgREST's words.
Refusal parse_failure(std::string_view what, const TextCursor& at, std::string_view text,
                      std::string details);

/// True when the bytes are UTF-8 without overlong forms and surrogates.
bool is_utf8(std::string_view text);

}  // namespace daas
