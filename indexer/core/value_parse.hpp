// A user's text to the twin that a Solr field holds: PostgreSQL's input syntax, type by type. The
// serving side checks every value with it, since Solr takes "banana" for false and "NOW" for a date.
#pragma once

#include <string>
#include <string_view>

#include "core/value_type.hpp"

namespace daas {

/// A twin, or PostgreSQL's own refusal.
struct ParsedValue {
  std::string twin;      ///< as the document writer writes it
  std::string sqlstate;  ///< empty when the text is a value of the type, else 22P02, 22003, 22007, 22008
  std::string message;   ///< `invalid input syntax for type integer: "abc"`

  bool ok() const { return sqlstate.empty(); }
};

/// @param type one that has a twin
/// @param text UTF-8; of dates and timestamps the ISO forms and JavaScript's, no `now` or `today`
ParsedValue parse_value(ValueType type, std::string_view text);

}  // namespace daas
