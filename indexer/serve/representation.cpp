#include "serve/representation.hpp"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "core/sha256.hpp"
#include "serve/text_cursor.hpp"

namespace daas {
namespace {

constexpr std::size_t kWorthCompressing = 1024;
constexpr std::size_t kTagDigits = 32;  // 128 bits
constexpr int kFastest = 1;
constexpr int kGzip = 15 + 16;

bool lists(std::string_view header, std::string_view wanted) {
  bool found = false;
  each_part(header, ",", [&](std::string_view part) {
    if (part.starts_with("W/")) part.remove_prefix(2);
    found = found || part == wanted;
  });
  return found;
}

/// As the first mention of it says.
bool takes_gzip(std::string_view accept_encoding) {
  std::optional<bool> takes;
  each_part(accept_encoding, ",", [&](std::string_view part) {
    auto coding = lower_ascii(part.substr(0, part.find(';')));
    coding.erase(coding.find_last_not_of(' ') + 1);
    if (takes || (coding != "gzip" && coding != "x-gzip")) return;
    const auto quality = part.find("q=0");
    takes = quality == std::string_view::npos ||
            part.substr(quality + 3).find_first_of("123456789") != std::string_view::npos;
  });
  return takes.value_or(false);
}

/// One gzip file of the pieces of a stream, each complete when it is sent.
class Deflater {
 public:
  Deflater() { good_ = deflateInit2(&stream_, kFastest, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) == Z_OK; }
  ~Deflater() { deflateEnd(&stream_); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  BodyPiece compress(BodyPiece piece) {
    // A sync flush adds a few bytes to what deflate's bound speaks of.
    std::string compressed(deflateBound(&stream_, piece.bytes.size()) + 64, '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(piece.bytes.data());
    stream_.avail_in = static_cast<uInt>(piece.bytes.size());
    stream_.next_out = reinterpret_cast<Bytef*>(compressed.data());
    stream_.avail_out = static_cast<uInt>(compressed.size());
    const int done = deflate(&stream_, piece.last ? Z_FINISH : Z_SYNC_FLUSH);
    const bool whole = piece.last ? done == Z_STREAM_END : done == Z_OK && stream_.avail_in == 0 && stream_.avail_out > 0;
    if (!good_ || !whole) return {{}, true, true};
    compressed.resize(compressed.size() - stream_.avail_out);
    piece.bytes = std::move(compressed);
    return piece;
  }

 private:
  z_stream stream_{};
  bool good_ = false;
};

void compress_stream(ServerResponse& response) {
  auto deflater = std::make_shared<Deflater>();
  response.body = deflater->compress({std::move(response.body)}).bytes;
  response.more = [deflater, more = std::move(response.more)](const std::function<void(BodyPiece)>& give) {
    more([deflater, give](BodyPiece piece) { give(piece.broken ? std::move(piece) : deflater->compress(std::move(piece))); });
  };
  response.headers.emplace_back("Content-Encoding", "gzip");
}

/// False when zlib would not.
bool compress(std::string& body) {
  z_stream stream{};
  if (deflateInit2(&stream, kFastest, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) return false;
  const std::unique_ptr<z_stream, decltype(&deflateEnd)> ends(&stream, &deflateEnd);
  std::string compressed(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(body.data());
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return false;
  compressed.resize(stream.total_out);
  body = std::move(compressed);
  return true;
}

}  // namespace

std::string entity_tag(const ServerResponse& response) {
  // How many rows there are in all is part of an answer that tells it.
  std::string told;
  for (const auto& [name, value] : response.headers) {
    if (name == "Content-Range" || name == "Content-Type") told.append(1, '\0').append(value);
  }
  return "W/\"" + sha256_hex({response.body, told}).substr(0, kTagDigits) + "\"";
}

void represent(ServerResponse& response, const std::string& if_none_match, const std::string& accept_encoding) {
  if (response.status != 200 && response.status != 206) return;
  const auto vary = [&] { response.headers.emplace_back("Vary", "Accept, Accept-Encoding, Authorization, Prefer, Range"); };
  if (response.more) {
    vary();
    response.headers.emplace_back("Cache-Control", "private, no-store");
    if (takes_gzip(accept_encoding)) compress_stream(response);
    return;
  }
  auto& headers = response.headers;
  auto tagged = std::find_if(headers.begin(), headers.end(), [](const auto& header) { return header.first == "ETag"; });
  if (tagged == headers.end()) tagged = headers.emplace(headers.end(), "ETag", entity_tag(response));
  const auto tag = tagged->second.substr(2);
  vary();
  // What a token may see is for its holder only, and may be another thing a moment later.
  response.headers.emplace_back("Cache-Control", "private, no-cache");
  if (!if_none_match.empty() && (if_none_match == "*" || lists(if_none_match, tag))) {
    response.status = 304;
    response.body.clear();
    return;
  }
  if (response.body.size() >= kWorthCompressing && takes_gzip(accept_encoding) && compress(response.body)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
}

}  // namespace daas
