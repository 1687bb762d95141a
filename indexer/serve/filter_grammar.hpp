// The grammar of filters: what stands behind a column's name, and the trees of and= and or=. Pure.
//
//   filter  = [ "not." ] operator [ "(" ( "any" / "all" ) ")" ] "." value
//   tree    = "(" node *( "," node ) ")"
//   node    = [ "not." ] ( "and" / "or" ) tree / name "." filter
//   value   = in a tree everything up to "," or ")", or a quoted text, or "{" … "}"; else the rest
//   in's value = "(" element *( "," element ) ")"
//   value of a quantified operator, and of cs, cd and ov = PostgreSQL's array literal
#pragma once

#include <string>
#include <string_view>

#include "serve/request.hpp"

namespace daas {

/// The filter that is a column's parameter.
/// @throws Refusal 400
Filter parse_filter(std::string column, std::string_view text);

/// The value of and=, or=, not.and= or not.or=.
/// @throws Refusal 400
Filter parse_tree(bool negated, Filter::Logic logic, std::string_view text);

}  // namespace daas
