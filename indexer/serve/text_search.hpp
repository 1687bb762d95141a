// Full text: PostgreSQL's four query languages to one tree, and the tree to Solr. Pure.
//
//   fts    to_tsquery:           words & | ! ( ) 'quoted' word:* word <-> word
//   plfts  plainto_tsquery:      all of the words
//   phfts  phraseto_tsquery:     the words one after the other
//   wfts   websearch_to_tsquery: words, "phrases", or, -not; whatever is written means something
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/filter_query.hpp"

namespace daas {

/// What a text must have. Words are any text: Solr's analysis of the field takes them apart.
struct TextQuery {
  enum class Kind : std::uint8_t {
    kWords,   ///< all of them; without any: nothing has it
    kPhrase,  ///< one after the other
    kPrefix,  ///< a word that begins so
    kAnd,
    kOr,
    kNot,  ///< of its one part
  };
  Kind kind = Kind::kWords;
  std::string text;              ///< of the first three
  std::vector<TextQuery> parts;  ///< of the others
};

/// @param op one of kFts, kPlainFts, kPhraseFts, kWebFts
/// @throws Refusal 400 42601 for what is no tsquery, 54000 for one that is too large
TextQuery parse_text_query(Operator op, std::string_view text);

/// @param fields Solr fields, each of which may have a word; not empty
std::string text_query(const TextQuery& query, const std::vector<std::string>& fields, QueryParameters& parameters);

}  // namespace daas
