// The API that requests are fuzzed against: a column of every kind, confined by the first one.
#pragma once

#include <utility>

#include "serve/api.hpp"

namespace daas {

inline Api fuzzed_api() {
  Api api;
  api.path = "t";
  api.collection = "shop.t.g1";
  const std::pair<const char*, const char*> columns[] = {
      {"a", "text"}, {"b", "integer"}, {"c", "numeric"}, {"d", "double precision"}, {"e", "boolean"},
      {"f", "timestamp with time zone"}, {"g", "text[]"}, {"h", "bigint[]"}, {"i", "jsonb"}, {"j", "double precision[]"},
      {"k", "boolean[]"}, {"l", "interval"}, {"m", "bytea"}, {"n", "inet"}, {"o", "date"}, {"p", "uuid"}};
  for (const auto& [name, type] : columns) {
    api.columns.push_back({name, value_type_named(type), name, type, *name == 'a' ? "english" : ""});
    api.fields.push_back(name);
    api.filters.push_back(name);
  }
  api.scope = {{"a", "claim"}};
  return api;
}

}  // namespace daas
