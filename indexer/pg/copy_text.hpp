// COPY's text format (PostgreSQL documentation, "COPY", File Formats): one line a row, columns
// separated by TAB, \N for NULL, backslash escapes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace daas {

/// Splits lines. Reuses its memory: the fields of a row are valid until the next split().
class CopyTextRow {
 public:
  struct Field {
    bool null = false;
    std::string_view text;
  };
  /// @param line one row, with or without the newline
  const std::vector<Field>& split(std::string_view line);

 private:
  std::string unescaped_;
  std::vector<Field> fields_;
};

}  // namespace daas
