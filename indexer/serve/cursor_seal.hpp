// Cursors of readers: where a page ended, sealed.
#pragma once

#include <string>
#include <string_view>

#include "serve/plan.hpp"

namespace daas {

/// Solr's cursor mark holds the sort values of a row, also of columns that the API does not show, in clear.
/// So readers get it encrypted and bound to what it is a cursor of: AES-256-GCM, with the API, filters, order
/// and scope as what is authenticated beside it. Immutable, so any thread may use it.
class CursorSeal {
 public:
  /// @param secret of the serving role, which other processes that serve share
  explicit CursorSeal(std::string_view secret);

  /// Adds the mark of a reader's cursor to the plan; an empty cursor is the first page.
  /// @throws Refusal 400 22023 for a cursor that is none of this request
  void open(ReadPlan& plan, std::string_view cursor) const;
  /// The cursor of Solr's next mark; empty when the page was the last one.
  std::string seal(const ReadPlan& plan, std::string_view next_mark) const;

 private:
  std::string key_;
};

}  // namespace daas
