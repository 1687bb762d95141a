#include "pipeline/delta_images.hpp"

#include "core/array_text.hpp"

namespace daas {

void DeltaImages::add(const Image& image) {
  // No two images have the same bytes here: each value says how long it is.
  std::string identity;
  for (const auto& value : image) {
    identity += value ? std::to_string(value->size()) : "";
    identity += ':';
    identity += value.value_or("");
  }
  if (!seen_.insert(std::move(identity)).second) return;
  columns_.resize(image.size());
  for (std::size_t column = 0; column < image.size(); ++column) columns_[column].push_back(image[column]);
}

void DeltaImages::clear() {
  seen_.clear();
  columns_.clear();
}

std::vector<std::optional<std::string>> DeltaImages::parameters() const {
  std::vector<std::optional<std::string>> parameters;
  for (const auto& column : columns_) parameters.emplace_back(array_text(column));
  return parameters;
}

}  // namespace daas
