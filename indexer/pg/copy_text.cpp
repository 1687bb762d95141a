#include "pg/copy_text.hpp"

#include <cstring>

namespace daas {
namespace {

char unescape(char c) {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case 'v': return '\v';
    default: return c;
  }
}

}  // namespace

const std::vector<CopyTextRow::Field>& CopyTextRow::split(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  fields_.clear();
  unescaped_.clear();
  // Views into unescaped_ stay valid because it never grows past this reservation.
  unescaped_.reserve(line.size());
  while (true) {
    const auto tab = line.find('\t');
    const auto raw = line.substr(0, tab);
    if (raw == "\\N") {
      fields_.push_back({true, {}});
    } else if (std::memchr(raw.data(), '\\', raw.size()) == nullptr) {
      fields_.push_back({false, raw});
    } else {
      const auto start = unescaped_.size();
      for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '\\' && i + 1 < raw.size()) {
          unescaped_ += unescape(raw[++i]);
        } else {
          unescaped_ += raw[i];
        }
      }
      fields_.push_back({false, std::string_view(unescaped_).substr(start)});
    }
    if (tab == std::string_view::npos) return fields_;
    line.remove_prefix(tab + 1);
  }
}

}  // namespace daas
