#include "capture_options.hpp"

#include <cstring>
#include <iterator>

#include "core/change_event.hpp"

extern "C" {
#include "commands/defrem.h"
}

namespace daas {
namespace {

struct Option {
  const char* name;
  bool required;
  void (*take)(CaptureOptions& options, const char* value);
};

void take_proto_version(CaptureOptions&, const char* value) {
  char spoken[16];
  snprintf(spoken, sizeof spoken, "%d", change_event::kProtocolVersion);
  if (strcmp(value, spoken) == 0) return;
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
           errmsg("output plugin \"daas\" does not speak proto_version '%s'", value),
           errdetail("The installed library speaks proto_version '%s'.", spoken),
           errhint("Install the same version of the extension and of daas-indexer, then run: "
                   "ALTER EXTENSION daas UPDATE;")));
}

void take_publication(CaptureOptions& options, const char* value) {
  if (value[0] == '\0') {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("option \"publication\" of output plugin \"daas\" is empty")));
  }
  options.publication = pstrdup(value);
}

void take_format(CaptureOptions&, const char* value) {
  if (strcmp(value, "binary") == 0) return;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("output plugin \"daas\" has no format \"%s\"", value),
                  errhint("Formats are: binary.")));
}

constexpr Option kOptions[] = {
    {"proto_version", true, take_proto_version},
    {"publication", true, take_publication},
    {"format", false, take_format},
};
constexpr const char* kAllowed = "proto_version, publication, format";

}  // namespace

CaptureOptions parse_capture_options(List* options) {
  CaptureOptions parsed;
  bool seen[std::size(kOptions)] = {};
  ListCell* cell;
  foreach (cell, options) {
    DefElem* element = static_cast<DefElem*>(lfirst(cell));
    std::size_t at = 0;
    while (at < std::size(kOptions) && strcmp(kOptions[at].name, element->defname) != 0) ++at;
    if (at == std::size(kOptions)) {
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                      errmsg("output plugin \"daas\" has no option \"%s\"", element->defname),
                      errhint("Options are: %s.", kAllowed)));
    }
    if (seen[at]) {
      ereport(ERROR,
              (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
               errmsg("option \"%s\" of output plugin \"daas\" is given twice", element->defname)));
    }
    seen[at] = true;
    kOptions[at].take(parsed, element->arg == nullptr ? "" : defGetString(element));
  }
  for (std::size_t at = 0; at < std::size(kOptions); ++at) {
    if (!kOptions[at].required || seen[at]) continue;
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("output plugin \"daas\" needs the option \"%s\"", kOptions[at].name),
                    errhint("For example: START_REPLICATION SLOT … LOGICAL … (proto_version '%d', "
                            "publication 'daas')",
                            change_event::kProtocolVersion)));
  }
  return parsed;
}

}  // namespace daas
