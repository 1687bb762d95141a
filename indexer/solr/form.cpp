#include "solr/form.hpp"

namespace daas {
namespace {

constexpr std::size_t kUsualForm = 1024;

bool is_unreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

void append_encoded(std::string& out, std::string_view bytes) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char byte : bytes) {
    const auto c = static_cast<unsigned char>(byte);
    if (is_unreserved(c)) {
      out.push_back(byte);
    } else {
      out.push_back('%');
      out.push_back(kHex[c >> 4]);
      out.push_back(kHex[c & 15]);
    }
  }
}

}  // namespace

std::string percent_encode(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  append_encoded(out, bytes);
  return out;
}

std::string form_encode(const FormParameters& parameters) {
  std::string out;
  out.reserve(kUsualForm);
  for (const auto& [name, value] : parameters) {
    if (!out.empty()) out.push_back('&');
    append_encoded(out, name);
    out.push_back('=');
    append_encoded(out, value);
  }
  return out;
}

}  // namespace daas
