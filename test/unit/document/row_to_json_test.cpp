// What PostgreSQL said of values of every type (data/make_row_to_json.sql) is what we write.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/numeric_key.hpp"
#include "core/pg_text.hpp"
#include "core/value_parse.hpp"
#include "document/document_writer.hpp"

namespace daas {
namespace {

struct Sample {
  std::string type;
  std::string native;
  std::string text;
  std::string json;
  long rank = 0;
};

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

/// Undoes the escapes of COPY's text format.
std::vector<std::string> split_copy_line(const std::string& line) {
  std::vector<std::string> fields(1);
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\t') {
      fields.emplace_back();
    } else if (line[i] == '\\') {
      static constexpr std::string_view kLetters = "bfnrtv", kControls = "\b\f\n\r\t\v";
      const auto letter = kLetters.find(line[++i]);
      fields.back() += letter == std::string_view::npos ? line[i] : kControls[letter];
    } else {
      fields.back() += line[i];
    }
  }
  return fields;
}

std::vector<Sample> read_samples() {
  std::ifstream file(DAAS_TEST_DATA "/row_to_json.tsv");
  std::vector<Sample> samples;
  for (std::string line; std::getline(file, line);) {
    auto fields = split_copy_line(line);
    samples.push_back({fields.at(0), from_hex(fields.at(1)), fields.at(2), fields.at(3),
                       std::stol(fields.at(4))});
  }
  return samples;
}

const std::vector<Sample>& samples() {
  static const auto kSamples = read_samples();
  return kSamples;
}

bool has_native(ValueType type) {
  return type <= ValueType::kTimestampTz && type != ValueType::kNumeric;
}

std::string json_string(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string body_of(const Sample& sample, Field field) {
  DocumentWriter writer(
      {{.name = "v", .type = value_type_named(sample.type), .source = {}, .pg_type = {}}}, {0});
  std::string body;
  const Field row[] = {field};
  writer.append(body, "k", row, 7);
  return body;
}

/// The twin in an update document: what follows `_doc_`, without the braces; strings unescaped.
std::string twin_of(const Sample& sample, const std::string& body) {
  const auto head = "{\"id\":\"k\",\"_ver_\":7,\"_doc_\":" + json_string(sample.json);
  EXPECT_TRUE(body.starts_with(head)) << body << "\nexpected\n" << head;
  if (!body.starts_with(head)) return {};
  auto twin = body.substr(head.size(), body.size() - head.size() - 1);
  twin.erase(0, twin.find(':') + 1);
  if (!twin.starts_with('"')) return twin;
  twin = twin.substr(1, twin.size() - 2);
  std::string plain;
  for (std::size_t i = 0; i < twin.size(); ++i) {
    if (twin[i] != '\\') {
      plain += twin[i];
      continue;
    }
    static constexpr std::string_view kLetters = "bfnrt", kControls = "\b\f\n\r\t";
    const char letter = twin[++i];
    if (letter == 'u') {
      plain += static_cast<char>(std::stoi(twin.substr(i + 1, 4), nullptr, 16));
      i += 4;
    } else {
      const auto at = kLetters.find(letter);
      plain += at == std::string_view::npos ? letter : kControls[at];
    }
  }
  return plain;
}

/// Whether `a` stands before `b` in the order of their Solr field.
bool twin_less(ValueType type, const std::string& a, const std::string& b) {
  const auto suffix = twin_suffix(type).value();
  if (suffix == "_l" || suffix == "_us") return std::stoll(a) < std::stoll(b);
  if (suffix != "_d") return a < b;
  const auto number = [](const std::string& twin) { return std::strtod(twin.c_str(), nullptr); };
  return a != "NaN" && (b == "NaN" || number(a) < number(b));
}

TEST(RowToJson, SamplesCoverEveryType) {
  std::map<ValueType, int> counts;
  for (const auto& sample : samples()) ++counts[value_type_named(sample.type)];
  for (int type = 0; type < static_cast<int>(ValueType::kWrapped); ++type) {
    EXPECT_GE(counts[static_cast<ValueType>(type)], type == 0 ? 2 : 15) << type;
  }
}

TEST(RowToJson, NativeValuesHavePostgresText) {
  for (const auto& sample : samples()) {
    const auto type = value_type_named(sample.type);
    if (!has_native(type)) continue;
    std::string text;
    append_native_text(text, type, sample.native);
    EXPECT_EQ(text, sample.text) << sample.type;
  }
}

TEST(RowToJson, BothFormsGivePostgresJsonAndTheSameTwin) {
  for (const auto& sample : samples()) {
    const auto type = value_type_named(sample.type);
    const auto from_text = body_of(sample, {Field::Form::kText, sample.text});
    twin_of(sample, from_text);
    if (has_native(type)) {
      EXPECT_EQ(body_of(sample, {Field::Form::kNative, sample.native}), from_text);
    }
  }
}

TEST(RowToJson, ParsingPostgresTextGivesTheTwin) {
  for (const auto& sample : samples()) {
    const auto type = value_type_named(sample.type);
    if (!twin_suffix(type)) continue;
    const auto parsed = parse_value(type, sample.text);
    EXPECT_TRUE(parsed.ok()) << sample.type << ' ' << sample.text << ": " << parsed.message;
    EXPECT_EQ(parsed.twin, twin_of(sample, body_of(sample, {Field::Form::kText, sample.text})))
        << sample.type << ' ' << sample.text;
  }
}

TEST(RowToJson, TwinsHavePostgresOrder) {
  std::map<std::string, std::map<long, std::string>> ordered;
  for (const auto& sample : samples()) {
    const auto type = value_type_named(sample.type);
    if (!has_ordered_twin(type)) continue;
    auto twin = parse_value(type, sample.text).twin;
    const auto [place, added] = ordered[sample.type].try_emplace(sample.rank, twin);
    // Equal values have equal twins.
    EXPECT_EQ(place->second, twin) << sample.type << ' ' << sample.text;
  }
  for (const auto& [type, twins] : ordered) {
    const std::string* before = nullptr;
    for (const auto& [rank, twin] : twins) {
      if (before != nullptr) {
        EXPECT_TRUE(twin_less(value_type_named(type), *before, twin))
            << type << ' ' << *before << " is not before " << twin;
      }
      before = &twin;
    }
  }
}

}  // namespace
}  // namespace daas
