#include "serve/read_headers.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace daas {
namespace {

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// Preferences of reads, and those of writes, which mean nothing here but are none of nobody's.
constexpr std::string_view kPreferences[] = {
    "count=exact", "count=planned", "count=estimated", "handling=strict", "handling=lenient",
    "return=representation", "return=minimal", "return=headers-only", "tx=commit", "tx=rollback",
    "missing=default", "missing=null", "resolution=merge-duplicates", "resolution=ignore-duplicates",
};

void apply_preferences(ApiRequest& request, std::string_view prefer) {
  constexpr std::string_view kWait = "wait=";
  bool strict = false;
  std::string unknown;
  each_part(prefer, ",;", [&](std::string_view word) {
    if (word == "handling=strict") strict = true;
    if (word.starts_with("count=")) {
      request.count |= word == "count=exact" || word == "count=planned" || word == "count=estimated";
    }
    const auto seconds = word.starts_with(kWait) ? whole_number(word.substr(kWait.size())) : std::nullopt;
    if (seconds) request.wait = std::chrono::seconds(std::min<std::uint64_t>(*seconds, 86400));
    // Of a write, which knows what it affected; it counts with handling=strict only.
    constexpr std::string_view kMostAffected = "max-affected=";
    const bool affected = word.starts_with(kMostAffected) && whole_number(word.substr(kMostAffected.size()));
    const bool known = seconds || affected || std::find(std::begin(kPreferences), std::end(kPreferences), word) !=
                                      std::end(kPreferences);
    // One that is none is passed over, as RFC 7240 says, unless that is not wanted.
    if (!known) unknown += (unknown.empty() ? "" : ", ") + std::string(word);
  });
  if (strict && !unknown.empty()) {
    throw Refusal(400, "PGRST122", "Invalid preferences given with handling=strict",
                  "Invalid preferences: " + unknown);
  }
}

/// True when the media range is one that this server can answer with.
bool choose_format(ApiRequest& request, std::string_view range) {
  auto type = lower_ascii(range.substr(0, range.find(';')));
  type.erase(type.find_last_not_of(' ') + 1);
  const auto parameters = lower_ascii(range.substr(std::min(range.find(';'), range.size())));
  // Not acceptable at all, if the least of qualities is none.
  for (const char* none : {"q=0", "q=0.0", "q=0.00", "q=0.000"}) {
    const auto at = parameters.find(none);
    if (at != std::string::npos && at + std::string_view(none).size() == parameters.size()) return false;
  }
  const bool stripped = parameters.find("nulls=stripped") != std::string::npos;
  const bool object = type == "application/vnd.pgrst.object+json" || type == "application/vnd.pgrst.object";
  const bool array = type == "application/vnd.pgrst.array+json" || type == "application/vnd.pgrst.array";
  const bool plain = type == "*/*" || type == "application/*" || type == "application/json";
  if (object || array || (plain && !stripped)) {
    request.format = object ? Format::kObject : Format::kArray;
    request.strip_nulls = stripped;
    return true;
  }
  if (stripped) return false;
  if (type == "text/csv") {
    request.format = Format::kCsv;
    return true;
  }
  if (type == "application/x-ndjson" || type == "application/ndjson" || type == "application/jsonl") {
    request.format = Format::kLines;
    return true;
  }
  return false;
}

void apply_accept(ApiRequest& request, const std::string& accept) {
  if (accept.empty()) return;
  bool acceptable = false;
  each_part(accept, ",", [&](std::string_view range) {
    acceptable = acceptable || choose_format(request, range);
  });
  if (acceptable) return;
  throw Refusal(406, "PGRST107", "None of these media types are available: " + accept,
                "available: application/json, application/vnd.pgrst.object+json, "
                "application/vnd.pgrst.array+json;nulls=stripped, text/csv, application/x-ndjson");
}

/// `10-19` or `10-`, of rows. Whatever else stands there is passed over, as PostgREST does.
void apply_range(ApiRequest& request, std::string_view range) {
  const auto dash = range.find('-');
  if (dash == std::string_view::npos) return;
  const auto first = whole_number(range.substr(0, dash));
  const auto rest = range.substr(dash + 1);
  const auto last = whole_number(rest);
  if (!first || (!rest.empty() && !last)) return;
  if (last && *last < *first) {
    throw Refusal(416, "PGRST103", "Requested range not satisfiable",
                  "The lower boundary must be lower than or equal to the upper boundary in the Range header.");
  }
  // Both say which rows: those that are in either's.
  constexpr std::uint64_t kFarthest = std::uint64_t{1} << 62;
  const auto end = std::min(kFarthest, request.limit ? std::min(request.offset, kFarthest) + std::min(*request.limit, kFarthest) : kFarthest);
  const auto from = std::max(request.offset, *first);
  const auto to = std::min(end, last ? std::min(*last, kFarthest) + 1 : kFarthest);
  request.offset = from;
  if (to < kFarthest) request.limit = to > from ? to - from : 0;
}

}  // namespace

void apply_headers(ApiRequest& request, const ReadHeaders& headers) {
  apply_preferences(request, headers.prefer);
  if (!headers.min_position.empty()) {
    request.min_position = parse_lsn(headers.min_position);
    if (!request.min_position) {
      throw Refusal(400, "22P02", "invalid input syntax for type pg_lsn: \"" + headers.min_position + "\"",
                    "header Daas-Min-Position",
                    "send what pg_current_wal_insert_lsn() returned after the commit, or a Daas-Position");
    }
  }
  if (!headers.accept_profile.empty() && headers.accept_profile != "public") {
    throw Refusal(406, "PGRST106", "Invalid schema: " + headers.accept_profile,
                  "Only the following schemas are exposed: public");
  }
  apply_accept(request, headers.accept);
  apply_range(request, headers.range);
}

}  // namespace daas
