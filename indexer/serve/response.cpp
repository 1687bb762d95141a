#include "serve/response.hpp"

#include <simdjson.h>

#include <algorithm>
#include <compare>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <vector>

#include "core/json_text.hpp"
#include "serve/highlight.hpp"
#include "solr/state_term.hpp"

namespace daas {
namespace {

namespace ondemand = simdjson::ondemand;

/// Writes rows in the answer's format; built once per answer.
class RowWriter {
 public:
  explicit RowWriter(const AnswerShape& shape) : shape_(shape), slices_(shape.members.size()) {
    keys_.reserve(shape.members.size());
    slots_.reserve(shape.members.size());
    for (std::size_t i = 0; i < shape.members.size(); ++i) {
      slots_.push_back({shape.members[i].column, i});
      auto& key = keys_.emplace_back(1, '"');
      append_json_escaped(key, shape.members[i].name);
      key += "\":";
    }
    std::sort(slots_.begin(), slots_.end());
  }

  /// What stands before the first row, between rows, and after the last.
  void begin(std::string& body) const {
    if (shape_.format == Format::kArray) body += '[';
    if (shape_.format != Format::kCsv) return;
    for (std::size_t i = 0; i < shape_.members.size(); ++i) {
      if (i != 0) body += ',';
      append_csv_field(body, shape_.members[i].name);
    }
  }
  void end(std::string& body) const {
    if (shape_.format == Format::kArray) body += ']';
  }

  void append(std::string& body, ondemand::object document, bool first) {
    std::fill(slices_.begin(), slices_.end(), std::string_view{});
    std::size_t at = 0;
    for (auto field : document) {
      const auto wanted = wanted_by(field.unescaped_key(), at++);
      if (wanted.empty()) continue;
      const auto slice = raw(field.value());
      for (const auto& slot : wanted) slices_[slot.member] = slice;
    }
    if (shape_.format == Format::kCsv) {
      body += '\n';
      append_line(body);
    } else {
      if (!first && shape_.format != Format::kLines) body += ',';
      append_object(body);
      if (shape_.format == Format::kLines) body += '\n';
    }
  }

 private:
  struct Slot {
    std::string_view column;
    std::size_t member;
    auto operator<=>(const Slot&) const = default;
  };
  using Slots = std::span<const Slot>;
  /// A key that some document had at this place.
  struct Place {
    std::string key;
    Slots slots;
  };

  /// Which members show it. Nearly always documents have the same keys at the same places.
  Slots wanted_by(std::string_view key, std::size_t at) {
    if (at == places_.size()) places_.emplace_back();
    auto& place = places_[at];
    if (place.key != key) {
      place.key = key;
      const auto first = std::lower_bound(slots_.begin(), slots_.end(), Slot{key, 0});
      const auto last = std::find_if(first, slots_.end(), [&](const Slot& slot) { return slot.column != key; });
      place.slots = {first, last};
    }
    return place.slots;
  }

  static bool is_null(std::string_view slice) { return slice.empty() || slice == "null"; }

  void append_object(std::string& body) const {
    body += '{';
    bool first = true;
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const auto slice = slices_[i];
      if (shape_.strip_nulls && is_null(slice)) continue;
      if (!first) body += ',';
      first = false;
      body += keys_[i];
      if (is_null(slice)) {
        body += "null";
      } else if (shape_.members[i].as_text) {
        body += '"';
        append_json_escaped(body, shape_.members[i].form.text(slice, true));
        body += '"';
      } else {
        body += slice;
      }
    }
    body += '}';
  }

  void append_line(std::string& body) const {
    for (std::size_t i = 0; i < slices_.size(); ++i) {
      if (i != 0) body += ',';
      if (is_null(slices_[i])) continue;
      append_csv_field(body, shape_.members[i].form.text(slices_[i], shape_.members[i].as_text));
    }
  }

  static std::string_view raw(ondemand::value value) {
    std::string_view text;
    const ondemand::json_type type = value.type();
    if (type == ondemand::json_type::object) {
      ondemand::object object = value.get_object();
      text = object.raw_json();
    } else if (type == ondemand::json_type::array) {
      ondemand::array array = value.get_array();
      text = array.raw_json();
    } else {
      text = value.raw_json_token();
    }
    const auto last = text.find_last_not_of(" \t\r\n");  // a token reaches to the next one
    return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
  }

  const AnswerShape& shape_;
  std::vector<Slot> slots_;  ///< by column
  std::vector<Place> places_;
  std::vector<std::string> keys_;
  std::vector<std::string_view> slices_;
};

constexpr std::size_t kUsualBody = 32 * 1024;

/// What the answer says of the searcher's state; see plan.cpp.
struct State {
  bool told = false;
  std::optional<FenceState> fence;  ///< nothing when there is none yet
};

struct Rows {
  std::string body;
  std::string next;  ///< cursor mark of the rows after these; empty when none was asked for
  std::uint64_t count = 0;
  std::uint64_t found = 0;
  bool found_exact = false;
  bool header = false;
  bool response = false;
  State state;
  std::vector<std::string> facets;
};

/// {"_state_":[TERM,1]}
State read_terms(ondemand::object terms) {
  State state;
  for (auto entry : terms) {
    if (std::string_view(entry.unescaped_key()) != kStateField) continue;
    state.told = true;
    for (auto part : entry.value().get_array()) {
      state.fence = parse_state_term(part.get_string());
      state.told = state.fence.has_value();
      break;
    }
  }
  return state;
}

/// {"buckets":[{"val":TERM,"count":1}]}
State read_bucket(ondemand::object facet) {
  State state{true, std::nullopt};
  for (auto bucket : facet.find_field("buckets").get_array()) {
    state.fence = parse_state_term(bucket.get_object().find_field("val").get_string());
    state.told = state.fence.has_value();
  }
  return state;
}

/// @param counted gets the JSON of the facets that the shape asks for, in its order
/// @param state if a facet tells it
void read_facets(ondemand::object facets, const AnswerShape& shape, std::vector<std::string>& counted, State& state) {
  counted.resize(shape.facets.size());
  for (auto facet : facets) {
    const std::string_view name = facet.unescaped_key();
    if (name == "state") state = read_bucket(facet.value().get_object());
    for (std::size_t i = 0; i < shape.facets.size(); ++i) {
      if (name == shape.facets[i].key) counted[i] = facet_answer(facet.value().get_object(), shape.facets[i]);
    }
  }
}

std::optional<CollectionState> shown(const State& state) {
  if (!state.fence || state.fence->position.value_or(0) == 0) return std::nullopt;
  return CollectionState{*state.fence->position, state.fence->version};
}

[[noreturn]] void cut_short() {
  throw Refusal(504, "PGRST003", "the search took too long and was stopped", {},
                "narrow the request with a filter");
}

Rows read_rows(std::string& solr_body, const AnswerShape& shape) {
  Rows rows;
  Highlights highlights(shape.highlights);
  solr_body.reserve(solr_body.size() + simdjson::SIMDJSON_PADDING);
  // Kept by the thread, for it has memory of its own; that of a large answer is not.
  constexpr std::size_t kKept = 1 << 20;
  thread_local ondemand::parser parser;
  if (parser.capacity() > kKept) parser = ondemand::parser();
  auto answer = parser.iterate(
      simdjson::padded_string_view(solr_body.data(), solr_body.size(), solr_body.capacity()));
  for (auto part : answer.get_object()) {
    const std::string_view name = part.unescaped_key();
    if (name == "responseHeader") {
      rows.header = true;
      for (auto entry : part.value().get_object()) {
        if (std::string_view(entry.unescaped_key()) != "partialResults") continue;
        // true or "omitted"; only an explicit false says that the rows are whole.
        if (std::string_view(entry.value().raw_json_token()).substr(0, 5) != "false") cut_short();
      }
    } else if (name == "facets") {
      read_facets(part.value().get_object(), shape, rows.facets, rows.state);
    } else if (name == "terms") {
      rows.state = read_terms(part.value().get_object());
    } else if (name == "response") {
      rows.response = true;
      RowWriter writer(shape);
      rows.body.reserve(std::min(solr_body.size(), kUsualBody));
      writer.begin(rows.body);
      for (auto entry : part.value().get_object()) {
        const std::string_view key = entry.unescaped_key();
        if (key == "numFound") {
          rows.found = entry.value().get_uint64();
        } else if (key == "numFoundExact") {
          rows.found_exact = entry.value().get_bool();
        } else if (key == "docs") {
          for (auto row : entry.value().get_array()) {
            std::string_view id;
            for (auto field : row.get_object()) {
              const std::string_view part_name = field.unescaped_key();
              if (part_name == "id") id = field.value().get_string();
              if (part_name == "_doc_") writer.append(rows.body, field.value().get_object(), rows.count == 0);
            }
            ++rows.count;
            highlights.row(id, rows.body.size() - (shape.format == Format::kLines ? 2 : 1));
            if (rows.body.size() > kLargestBody) {
              throw Refusal(400, "54000", "the answer is larger than 64 MB", {},
                            "ask for fewer rows or columns; _cursor walks over everything");
            }
          }
        }
      }
      writer.end(rows.body);
    } else if (name == "highlighting") {
      highlights.read(part.value().get_object());
    } else if (name == "nextCursorMark") {
      rows.next = std::string(std::string_view(part.value().get_string()));
    }
  }
  highlights.put_into(rows.body);
  return rows;
}

std::string with_facets(const Rows& rows, const AnswerShape& shape) {
  std::string body = "{\"rows\":" + rows.body + ",\"facets\":{";
  for (std::size_t i = 0; i < shape.facets.size(); ++i) {
    if (i != 0) body += ',';
    body += nlohmann::json(shape.facets[i].name).dump() + ":" + (rows.facets[i].empty() ? "[]" : rows.facets[i]);
  }
  return body += "}}";
}

}  // namespace

ReadAnswer answer_read(std::string solr_body, const AnswerShape& shape) {
  Rows rows;
  try {
    rows = read_rows(solr_body, shape);
  } catch (const simdjson::simdjson_error& error) {
    throw Refusal(502, "XX000", "the search engine's answer could not be read", error.what());
  }
  // Without its header nothing would tell a cut-off search from an empty one.
  if (!rows.header || !rows.response || !rows.state.told || rows.facets.size() != shape.facets.size()) {
    throw Refusal(502, "XX000", "the search engine's answer is not complete");
  }
  if (rows.state.fence && !rows.state.fence->position) {
    throw unavailable("the search engine restarted in the middle of a batch of changes",
                      "its documents are not of one moment until daas-indexer has repeated the batch");
  }
  if (shape.count && !rows.found_exact) cut_short();

  ReadAnswer answer;
  answer.state = shown(rows.state);
  answer.count = rows.count;
  answer.found = rows.found;
  // As PostgREST: who asks for no rows is told nothing about them.
  const bool nothing = shape.rows == 0 && shape.format != Format::kObject;
  const std::string total = shape.count && !nothing ? std::to_string(rows.found) : "*";
  if (shape.count && !nothing && shape.offset > rows.found) {
    ApiError error{416,
                   "PGRST103",
                   "Requested range not satisfiable",
                   "An offset of " + std::to_string(shape.offset) +
                       " was requested, but there are only " + total + " rows.",
                   {},
                   {}};
    error.headers.emplace_back("Content-Range", "*/" + total);
    throw Refusal(std::move(error));
  }
  answer.content_range = rows.count == 0
                             ? "*/" + total
                             : std::to_string(shape.offset) + "-" +
                                   std::to_string(shape.offset + rows.count - 1) + "/" + total;
  if (shape.count && !nothing && rows.count < rows.found) answer.status = 206;
  if (shape.format == Format::kObject && rows.count != 1) {
    throw Refusal(406, "PGRST116", "Cannot coerce the result to a single JSON object",
                  "The result contains " +
                      std::to_string(rows.count == 0 ? 0 : rows.found - shape.offset) + " rows");
  }
  answer.body = shape.facets.empty() ? std::move(rows.body) : with_facets(rows, shape);
  answer.next = rows.count == 0 ? std::string() : std::move(rows.next);
  return answer;
}

std::optional<CollectionState> read_state(std::string solr_body) {
  try {
    const auto rows = read_rows(solr_body, {});
    if (rows.header) return shown(rows.state);
  } catch (const simdjson::simdjson_error&) {
  } catch (const Refusal&) {
  }
  return std::nullopt;
}

std::string write_documents(std::span<const std::string_view> documents, const AnswerShape& shape) {
  std::string body;
  RowWriter writer(shape);
  writer.begin(body);
  ondemand::parser parser;
  bool first = true;
  for (const auto text : documents) {
    const simdjson::padded_string padded(text);
    try {
      auto document = parser.iterate(padded);
      writer.append(body, document.get_object(), first);
    } catch (const simdjson::simdjson_error& error) {
      throw Refusal(500, "XX000", "a row could not be read", error.what());
    }
    first = false;
  }
  writer.end(body);
  return body;
}

const char* content_type(const AnswerShape& shape) {
  switch (shape.format) {
    case Format::kArray:
      return shape.strip_nulls ? "application/vnd.pgrst.array+json;nulls=stripped; charset=utf-8"
                               : "application/json; charset=utf-8";
    case Format::kObject:
      return shape.strip_nulls ? "application/vnd.pgrst.object+json;nulls=stripped; charset=utf-8"
                               : "application/vnd.pgrst.object+json; charset=utf-8";
    case Format::kCsv:
      return "text/csv; charset=utf-8";
    case Format::kLines:
      return "application/x-ndjson; charset=utf-8";
  }
  return "application/json; charset=utf-8";
}

}  // namespace daas
