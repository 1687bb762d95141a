// Values that travel between the rooms on the way to Solr.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace daas {

/// One column of a row on its way into a document.
struct Field {
  enum class Form : std::uint8_t {
    kNull,
    kText,    ///< PostgreSQL's text output under the pinned settings (design §2, "document text")
    kNative,  ///< the plugin's native encoding (docs/change_event.md)
  };
  Form form = Form::kNull;
  std::string_view bytes;
};

/// A document that Solr refused, with its words.
struct RefusedDocument {
  std::string id;
  std::string message;
  std::int64_t version = 0;
  std::string document;  ///< as it was sent
};

}  // namespace daas
