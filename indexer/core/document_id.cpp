#include "core/document_id.hpp"

namespace daas {

void append_key_part(std::string& id, std::string_view text, bool composite, bool first) {
  if (!composite) {
    id += text;
    return;
  }
  if (!first) id += '|';
  for (const char c : text) {
    if (c == '|' || c == '\\') id += '\\';
    id += c;
  }
}

}  // namespace daas
