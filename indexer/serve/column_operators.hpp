// Which operators a column can be filtered with, for who describes an API: the same answer that the
// planner gives, which column_operators_test.cpp holds it to. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/value_type.hpp"

namespace daas {

struct ColumnOperator {
  std::string_view name;
  bool quantifiable = false;  ///< takes (any) and (all)
};

/// In the order of the dialect's table; none for a column that can't be filtered by.
std::vector<ColumnOperator> column_operators(const Column& column);

/// Whether a column can be ordered by.
bool can_order(const Column& column);

/// A filter of the column that is well formed, as `gte.60`; empty when there is none.
std::string sample_filter(const Column& column);

}  // namespace daas
