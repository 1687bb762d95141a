#include "core/date_time.hpp"
#include "core/json_text.hpp"
#include "serve/facet.hpp"

namespace daas {
namespace {

namespace ondemand = simdjson::ondemand;

/// The JSON of a value, from its twin's.
std::string value_json(ondemand::value twin, ValueType type) {
  std::string text;
  if (type == ValueType::kDate) {
    text += '"';
    const std::int64_t days = twin.get_int64();
    append_date(text, static_cast<std::int32_t>(days));
    return text += '"';
  }
  if (twin.type() == ondemand::json_type::string) {
    const std::string_view raw = twin.get_string();
    text += '"';
    append_json_escaped(text, raw);
    return text += '"';
  }
  text = std::string_view(twin.raw_json_token());
  return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
}

void append_bucket(std::string& answer, const std::string& members, std::uint64_t count) {
  if (answer.back() != '[') answer += ',';
  answer += '{' + members + ",\"count\":" + std::to_string(count) + '}';
}

}  // namespace

std::string facet_answer(ondemand::object facet, const FacetShape& shape) {
  std::string answer = "[";
  std::uint64_t missing = 0;
  std::size_t number = 0;
  for (auto part : facet) {
    const std::string_view name = part.unescaped_key();
    if (name == "missing") {
      missing = part.value().get_object().find_field("count").get_uint64();
    } else if (name == "buckets") {
      for (auto entry : part.value().get_array()) {
        std::string value;
        std::uint64_t count = 0;
        for (auto member : entry.get_object()) {
          const std::string_view key = member.unescaped_key();
          if (key == "count") count = member.value().get_uint64();
          if (key == "val" && shape.bounds.empty()) value = value_json(member.value(), shape.type);
        }
        if (shape.bounds.empty()) {
          append_bucket(answer, "\"value\":" + value, count);
        } else if (++number < shape.bounds.size()) {
          append_bucket(answer, "\"from\":" + shape.bounds[number - 1] + ",\"to\":" + shape.bounds[number], count);
        }
      }
    }
  }
  if (missing > 0) append_bucket(answer, "\"value\":null", missing);
  return answer += ']';
}

}  // namespace daas
