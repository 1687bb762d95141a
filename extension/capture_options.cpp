#include "capture_options.hpp"

#include <cstdint>
#include <cstring>
#include <iterator>

#include "core/change_event.hpp"

extern "C" {
#include "commands/defrem.h"
#include "utils/builtins.h"
}

namespace daas {
namespace {

enum Format : std::uint8_t { kBinary = 1, kJson = 2 };

struct Option {
  const char* name;
  std::uint8_t required;  ///< the formats that need it
  std::uint8_t allowed;   ///< those that know it
  /// @param value null when the option stands alone
  void (*take)(CaptureOptions& options, const char* value);
};

const char* text_or_empty(const char* value) {
  return value == nullptr ? "" : value;
}

void take_proto_version(CaptureOptions&, const char* value) {
  char spoken[16];
  snprintf(spoken, sizeof spoken, "%d", change_event::kProtocolVersion);
  if (strcmp(text_or_empty(value), spoken) == 0) return;
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
           errmsg("output plugin \"daas\" does not speak proto_version '%s'", text_or_empty(value)),
           errdetail("The installed library speaks proto_version '%s'.", spoken),
           errhint("Install the same version of the extension and of daas-indexer, then run: "
                   "ALTER EXTENSION daas UPDATE;")));
}

void take_publication(CaptureOptions& options, const char* value) {
  if (text_or_empty(value)[0] == '\0') {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("option \"publication\" of output plugin \"daas\" is empty")));
  }
  options.publication = pstrdup(value);
}

void take_format(CaptureOptions& options, const char* value) {
  options.json = strcmp(text_or_empty(value), "json") == 0;
  if (options.json || strcmp(text_or_empty(value), "binary") == 0) return;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("output plugin \"daas\" has no format \"%s\"", text_or_empty(value)),
                  errhint("Formats are: binary, json.")));
}

bool parse_switch(const char* name, const char* value) {
  bool on = true;
  if (value == nullptr || parse_bool(value, &on)) return on;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("option \"%s\" of output plugin \"daas\" is not \"%s\"", name, value),
                  errhint("It is on or off.")));
  pg_unreachable();
}

void take_include_transactions(CaptureOptions& options, const char* value) {
  options.include_transactions = parse_switch("include_transactions", value);
}

void take_include_types(CaptureOptions& options, const char* value) {
  options.include_types = parse_switch("include_types", value);
}

void take_message_prefix(CaptureOptions& options, const char* value) {
  options.message_prefix = pstrdup(text_or_empty(value));
}

constexpr Option kOptions[] = {
    {"proto_version", kBinary, kBinary | kJson, take_proto_version},
    {"publication", kBinary | kJson, kBinary | kJson, take_publication},
    {"format", 0, kBinary | kJson, take_format},
    {"include_transactions", 0, kJson, take_include_transactions},
    {"include_types", 0, kJson, take_include_types},
    {"message_prefix", 0, kJson, take_message_prefix},
};
constexpr const char* kAllowed =
    "proto_version, publication, format; with format 'json' also include_transactions, "
    "include_types, message_prefix";

std::size_t position_of(const char* name) {
  std::size_t at = 0;
  while (at < std::size(kOptions) && strcmp(kOptions[at].name, name) != 0) ++at;
  if (at == std::size(kOptions)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("output plugin \"daas\" has no option \"%s\"", name),
                    errhint("Options are: %s.", kAllowed)));
  }
  return at;
}

[[noreturn]] void refuse_without(const Option& option, bool json) {
  char example[64] = "format 'json', publication 'daas'";
  if (!json) {
    snprintf(example, sizeof example, "proto_version '%d', publication 'daas'",
             change_event::kProtocolVersion);
  }
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("output plugin \"daas\" needs the option \"%s\"", option.name),
                  errhint("For example: START_REPLICATION SLOT … LOGICAL … (%s)", example)));
  pg_unreachable();
}

[[noreturn]] void refuse_of_other_format(const Option& option) {
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
           errmsg("option \"%s\" of output plugin \"daas\" is for format 'json'", option.name),
           errhint("Options are: %s.", kAllowed)));
  pg_unreachable();
}

}  // namespace

CaptureOptions parse_capture_options(List* options) {
  CaptureOptions parsed;
  bool seen[std::size(kOptions)] = {};
  ListCell* cell;
  foreach (cell, options) {
    DefElem* element = static_cast<DefElem*>(lfirst(cell));
    const std::size_t at = position_of(element->defname);
    if (seen[at]) {
      ereport(ERROR,
              (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
               errmsg("option \"%s\" of output plugin \"daas\" is given twice", element->defname)));
    }
    seen[at] = true;
    kOptions[at].take(parsed, element->arg == nullptr ? nullptr : defGetString(element));
  }
  const Format format = parsed.json ? kJson : kBinary;
  for (std::size_t at = 0; at < std::size(kOptions); ++at) {
    const Option& option = kOptions[at];
    if (!seen[at] && (option.required & format) != 0) refuse_without(option, parsed.json);
    if (seen[at] && (option.allowed & format) == 0) refuse_of_other_format(option);
  }
  return parsed;
}

}  // namespace daas
