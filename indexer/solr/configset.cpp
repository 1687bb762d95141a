#include "solr/configset.hpp"

#include <zip.h>

#include <memory>

#include "core/error.hpp"
#include "core/sha256.hpp"

namespace daas {
namespace {

constexpr std::size_t kDigestDigitsInName = 8;

struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};

struct DiscardArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};

[[noreturn]] void fail_zip(const char* what) {
  throw Error(Remedy::kStop, std::string("the configset could not be packed: ") + what);
}

}  // namespace

std::string configset_name(std::string_view solr_namespace) {
  std::string all;
  for (const ConfigsetFile& file : configset_files()) {
    // Lengths keep two files from looking like one.
    all += std::string(file.name) + " " + std::to_string(file.content.size()) + "\n";
    all += file.content;
  }
  return std::string(solr_namespace) + ".daas." + sha256_hex({all}).substr(0, kDigestDigitsInName);
}

std::string configset_zip() {
  std::unique_ptr<zip_source_t, FreeSource> target(
      zip_source_buffer_create(nullptr, 0, 0, nullptr));
  if (!target) fail_zip("no memory");
  // The archive takes over its source; one more reference keeps what it writes.
  zip_source_keep(target.get());
  std::unique_ptr<zip_t, DiscardArchive> archive(
      zip_open_from_source(target.get(), ZIP_TRUNCATE, nullptr));
  if (!archive) {
    zip_source_free(target.get());
    fail_zip("no archive");
  }
  for (const ConfigsetFile& file : configset_files()) {
    zip_source_t* content =
        zip_source_buffer(archive.get(), file.content.data(), file.content.size(), 0);
    if (content == nullptr) fail_zip(zip_strerror(archive.get()));
    if (zip_file_add(archive.get(), std::string(file.name).c_str(), content, ZIP_FL_ENC_UTF_8) <
        0) {
      zip_source_free(content);
      fail_zip(zip_strerror(archive.get()));
    }
  }
  if (zip_close(archive.get()) != 0) fail_zip(zip_strerror(archive.get()));
  archive.release();  // closed

  if (zip_source_open(target.get()) != 0) fail_zip("not readable");
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_source_stat(target.get(), &status) != 0 || (status.valid & ZIP_STAT_SIZE) == 0)
    fail_zip("no size");
  std::string bytes(status.size, '\0');
  const zip_int64_t read = zip_source_read(target.get(), bytes.data(), bytes.size());
  zip_source_close(target.get());
  if (read < 0 || static_cast<std::size_t>(read) != bytes.size()) fail_zip("short read");
  return bytes;
}

}  // namespace daas
