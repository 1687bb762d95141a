#include "json_shape.hpp"

#include "json_text.hpp"
#include "memory_scope.hpp"

extern "C" {
#include "utils/builtins.h"
#include "utils/memutils.h"
}

namespace daas {
namespace {

const char* describe_name(const CapturedMember& member) {
  StringInfoData text;
  initStringInfo(&text);
  JsonText json(&text, MaxAllocSize);
  json.force("\"schema\":");
  json.force_string(member.schema);
  json.force(",\"table\":");
  json.force_string(member.name);
  return json.text();
}

const char* describe_key(const CapturedMember& member) {
  StringInfoData text;
  initStringInfo(&text);
  JsonText json(&text, MaxAllocSize);
  json.force("\"key\":[");
  bool first = true;
  for (int i = 0; i < member.column_count; ++i) {
    if (!member.columns[i].key) continue;
    if (!first) json.force(",");
    first = false;
    json.force_string(member.columns[i].name);
  }
  json.force("]");
  return json.text();
}

const char* describe_types(const CapturedMember& member) {
  StringInfoData text;
  initStringInfo(&text);
  JsonText json(&text, MaxAllocSize);
  json.force("\"types\":{");
  for (int i = 0; i < member.column_count; ++i) {
    const CapturedColumn& column = member.columns[i];
    if (i > 0) json.force(",");
    json.force_string(column.name);
    json.force(":");
    json.force_string(format_type_extended(column.type, column.typmod,
                                           FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_ALLOW_INVALID));
  }
  json.force("}");
  return json.text();
}

const char* quoted_name(const char* name) {
  StringInfoData text;
  initStringInfo(&text);
  JsonText json(&text, MaxAllocSize);
  json.force_string(name);
  json.force(":");
  return json.text();
}

JsonShape* describe_shape(const CapturedMember& member) {
  const int columns = Max(member.column_count, 1);
  auto* shape = static_cast<JsonShape*>(palloc0(sizeof(JsonShape)));
  shape->table = describe_name(member);
  shape->key = describe_key(member);
  shape->types = describe_types(member);
  shape->names = static_cast<const char**>(palloc(sizeof(const char*) * columns));
  shape->values = static_cast<JsonType*>(palloc(sizeof(JsonType) * columns));
  shape->marks = static_cast<std::uint8_t*>(palloc0(columns));
  for (int i = 0; i < member.column_count; ++i) {
    shape->names[i] = quoted_name(member.columns[i].name);
    shape->values[i] = describe_json_type(member.columns[i].type);
  }
  return shape;
}

}  // namespace

JsonShape* shape_of(const CapturedMember& member) {
  if (unlikely(member.json == nullptr)) {
    member.json = in_memory(GetMemoryChunkContext(member.columns),
                            [&member] { return describe_shape(member); });
  }
  return member.json;
}

}  // namespace daas
