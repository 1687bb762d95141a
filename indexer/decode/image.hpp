// Row images (docs/change_event.md).
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/change.hpp"

namespace daas {

/// Reads an image of `columns` values into `out`, whose memory is reused and whose views point into
/// the image. An image of no bytes ("the WAL has none") gives no values. Raises Error (kStop) when
/// the bytes are not such an image.
void parse_image(std::string_view image, std::size_t columns, std::vector<Value>& out);

}  // namespace daas
