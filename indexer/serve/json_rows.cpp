#include "serve/json_rows.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/src.hpp>  // the library without its binary: in this file and no other
#include <unordered_set>

#include "core/json_text.hpp"
#include "serve/refusal.hpp"

namespace daas {
namespace {

namespace boost_json = boost::json;
using boost::system::error_code;

constexpr std::size_t kDeepestBody = 32;

Refusal bad_body(std::string details) {
  return Refusal(400, "PGRST102", "Empty or invalid json", std::move(details), "send an object, or an array of objects");
}

/// Rebuilds each value's text from the parser's events, so that what PostgreSQL gets is well-formed whatever
/// was sent.
class RowGatherer {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  JsonRows take() { return std::move(rows_); }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }

  bool on_object_begin(error_code&) {
    if (in_row()) {
      begin_value();
      text_ += '{';
    } else {
      rows_.rows.emplace_back();
    }
    levels_.push_back({true, true, {}});
    return true;
  }
  bool on_object_end(std::size_t, error_code&) {
    levels_.pop_back();
    if (!in_row()) return true;
    text_ += '}';
    end_value();
    return true;
  }
  bool on_array_begin(error_code&) {
    if (in_row()) {
      begin_value();
      text_ += '[';
    } else if (levels_.empty()) {
      rows_.array = true;
    } else {
      throw bad_body("an element of the array is no object");
    }
    levels_.push_back({false, true, {}});
    return true;
  }
  bool on_array_end(std::size_t, error_code&) {
    levels_.pop_back();
    if (!in_row()) return true;
    text_ += ']';
    end_value();
    return true;
  }

  bool on_key_part(boost_json::string_view part, std::size_t, error_code&) {
    pending_.append(part.data(), part.size());
    return true;
  }
  bool on_key(boost_json::string_view part, std::size_t, error_code&) {
    pending_.append(part.data(), part.size());
    check_text(pending_);
    auto& level = levels_.back();
    if (!level.names.insert(pending_).second) throw bad_body("the member \"" + pending_ + "\" occurs twice in an object");
    if (is_row_level()) {
      rows_.rows.back().emplace_back(std::move(pending_), std::string());
    } else {
      if (!level.first) text_ += ',';
      level.first = false;
      append_quoted(pending_);
      text_ += ':';
    }
    pending_.clear();
    return true;
  }
  bool on_string_part(boost_json::string_view part, std::size_t, error_code&) {
    pending_.append(part.data(), part.size());
    return true;
  }
  bool on_string(boost_json::string_view part, std::size_t, error_code&) {
    pending_.append(part.data(), part.size());
    check_text(pending_);
    begin_value();
    append_quoted(pending_);
    pending_.clear();
    end_value();
    return true;
  }
  bool on_number_part(boost_json::string_view part, error_code&) {
    pending_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t, boost_json::string_view text, error_code&) { return number(text); }
  bool on_uint64(std::uint64_t, boost_json::string_view text, error_code&) { return number(text); }
  bool on_double(double, boost_json::string_view text, error_code&) { return number(text); }
  bool on_bool(bool value, error_code&) { return word(value ? "true" : "false"); }
  bool on_null(error_code&) { return word("null"); }
  bool on_comment_part(boost_json::string_view, error_code&) { return true; }
  bool on_comment(boost_json::string_view, error_code&) { return true; }

 private:
  struct Level {
    bool object;
    bool first;
    std::unordered_set<std::string> names;
  };

  /// Within a row: what comes is (a part of) the value of one of its members.
  bool in_row() const { return levels_.size() > (rows_.array ? 1U : 0U); }
  /// The members of the object that is open are columns.
  bool is_row_level() const { return levels_.size() == (rows_.array ? 2U : 1U); }

  static void check_text(const std::string& text) {
    if (text.find('\0') == std::string::npos) return;
    throw Refusal(400, "22P05", "unsupported Unicode escape sequence", "\\u0000 cannot be converted to text.");
  }
  void append_quoted(const std::string& text) {
    text_ += '"';
    append_json_escaped(text_, text);
    text_ += '"';
  }
  /// A comma before an array's later elements; a member's stands before its name.
  void begin_value() {
    if (!in_row()) throw bad_body(rows_.array ? "an element of the array is no object" : "the body is no object and no array");
    auto& level = levels_.back();
    if (level.object) return;
    if (!level.first) text_ += ',';
    level.first = false;
  }
  void end_value() {
    if (!is_row_level()) return;
    rows_.rows.back().back().second = std::move(text_);
    text_.clear();
  }
  bool word(const char* text) {
    begin_value();
    text_ += text;
    end_value();
    return true;
  }
  bool number(boost_json::string_view text) {
    pending_.append(text.data(), text.size());
    begin_value();
    text_ += pending_;
    pending_.clear();
    end_value();
    return true;
  }

  JsonRows rows_;
  std::vector<Level> levels_;
  std::string pending_;  ///< of a name, string or number whose parts come one by one
  std::string text_;     ///< of the member's value that is being read
};

}  // namespace

JsonRows parse_json_rows(std::string_view body) {
  boost_json::parse_options options;
  options.max_depth = kDeepestBody;
  boost_json::basic_parser<RowGatherer> parser(options);
  error_code error;
  const auto read = parser.write_some(false, body.data(), body.size(), error);
  if (error) throw bad_body(error == boost_json::error::too_deep ? "it nests deeper than 32 levels" : error.message());
  if (body.substr(read).find_first_not_of(" \t\r\n") != std::string_view::npos) throw bad_body("something follows the value");
  return parser.handler().take();
}

}  // namespace daas
