#include "core/log_field.hpp"

#include <utility>

namespace daas {
namespace {

thread_local std::vector<LogValue> fields;

}  // namespace

LogField::LogField(const char* name, std::string text) {
  fields.push_back({name, std::move(text), false});
}

LogField::LogField(const char* name, std::int64_t number) {
  fields.push_back({name, std::to_string(number), true});
}

LogField::~LogField() { fields.pop_back(); }

const std::vector<LogValue>& log_fields() { return fields; }

}  // namespace daas
