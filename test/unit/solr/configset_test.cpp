#include "solr/configset.hpp"

#include <gtest/gtest.h>
#include <zip.h>

#include <map>
#include <string>

namespace daas {
namespace {

std::map<std::string, std::string> unpack(const std::string& bytes) {
  std::map<std::string, std::string> files;
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr);
  zip_t* archive = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, nullptr);
  if (archive == nullptr) return files;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
    zip_stat_t status;
    zip_stat_index(archive, i, 0, &status);
    std::string content(status.size, '\0');
    zip_file_t* file = zip_fopen_index(archive, i, 0);
    zip_fread(file, content.data(), content.size());
    zip_fclose(file);
    files[status.name] = content;
  }
  zip_discard(archive);
  return files;
}

TEST(Configset, ArchiveHoldsExactlyTheFiles) {
  std::map<std::string, std::string> expected;
  for (const ConfigsetFile& file : configset_files()) expected.emplace(file.name, file.content);
  EXPECT_TRUE(expected.contains("solrconfig.xml"));
  EXPECT_TRUE(expected.contains("managed-schema.xml"));
  EXPECT_EQ(unpack(configset_zip()), expected);
}

TEST(Configset, FilesAreWhole) {
  for (const ConfigsetFile& file : configset_files()) {
    EXPECT_TRUE(file.content.starts_with("<?xml")) << file.name;
    EXPECT_TRUE(file.content.ends_with(">\n")) << file.name;
  }
}

TEST(Configset, NameCarriesNamespaceAndDigest) {
  const std::string name = configset_name("shop");
  ASSERT_EQ(name.size(), std::string("shop.daas.").size() + 8) << name;
  EXPECT_EQ(name.substr(0, 10), "shop.daas.");
  EXPECT_EQ(name.find_first_not_of("0123456789abcdef", 10), std::string::npos) << name;
  EXPECT_EQ(name, configset_name("shop"));
  EXPECT_EQ(name.substr(10), configset_name("other").substr(11));
}

TEST(Configset, HardenedHandlerNeverExpandsMacros) {
  for (const ConfigsetFile& file : configset_files()) {
    if (file.name != "solrconfig.xml") continue;
    const auto handler = file.content.find(R"(name="/daas")");
    ASSERT_NE(handler, std::string_view::npos);
    const auto end = file.content.find("</requestHandler>", handler);
    EXPECT_NE(
        file.content.substr(handler, end - handler).find(R"(<str name="expandMacros">false</str>)"),
        std::string_view::npos);
  }
}

}  // namespace
}  // namespace daas
