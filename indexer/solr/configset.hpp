// The configset that is built into the daemon.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace daas {

struct ConfigsetFile {
  std::string_view name;
  std::string_view content;
};

/// The files of solr/configset/, sorted by name.
std::vector<ConfigsetFile> configset_files();

/// "<namespace>.daas.<first 8 digits of the SHA-256 of the files>": a daemon with other files uses
/// another name and never edits a configset that collections live on.
std::string configset_name(std::string_view solr_namespace);

/// The files as a zip archive, as Solr's UPLOAD takes it.
std::string configset_zip();

}  // namespace daas
