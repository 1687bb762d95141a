// Values of a document text as PostgreSQL's own text output. Pure.
#pragma once

#include <string>
#include <string_view>

#include "core/value_type.hpp"

namespace daas {

/// How the JSON of a column's values becomes text.
class TextForm {
 public:
  TextForm() = default;
  explicit TextForm(const Column& column);

  /// Whether the text is what `column::text` is: not of composites and types of extensions, of which the
  /// JSON is all that is known.
  bool has_text() const { return kind_ != Kind::kUnknown; }
  /// Of a value that is not null. What has no text is its JSON.
  /// @param cast as `::text` has it (true and false, no padding), not as COPY prints it (t and f)
  std::string text(std::string_view json, bool cast) const;

 private:
  enum class Kind { kPlain, kPadded, kTimestamp, kTimestampTz, kJson, kArray, kUnknown };

  Kind kind_ = Kind::kUnknown;
  Kind element_ = Kind::kPlain;
};

/// A field of COPY's and PostgREST's CSV: quoted when it is empty or holds what a record's text quotes.
void append_csv_field(std::string& line, std::string_view text);

}  // namespace daas
