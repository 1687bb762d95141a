#include "document/document_writer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/error.hpp"

namespace daas {
namespace {

using nlohmann::json;

Column column(std::string name, ValueType type) {
  return {.name = std::move(name), .type = type, .source = {}, .pg_type = {}};
}
Field text(std::string_view bytes) {
  return {Field::Form::kText, bytes};
}
Field native(std::string_view bytes) {
  return {Field::Form::kNative, bytes};
}
const Field kNull{};

std::string append(DocumentWriter& writer, const std::vector<Field>& row,
                   std::int64_t version = 1) {
  std::string body;
  writer.append(body, row, version);
  return body;
}

TEST(DocumentWriter, WritesIdVersionTextAndTwins) {
  DocumentWriter writer({column("id", ValueType::kInt4), column("carrier", ValueType::kText),
                         column("delay", ValueType::kFloat8), column("price", ValueType::kNumeric),
                         column("late", ValueType::kBoolean), column("day", ValueType::kDate),
                         column("at", ValueType::kTimestampTz), column("extra", ValueType::kJsonb),
                         column("range", ValueType::kWrapped)},
                        {0});
  EXPECT_EQ(
      append(writer,
             {text("7"), text("UA"), text("-2.5"), text("1.50"), text("t"), text("2000-01-03"),
              text("2000-01-01 00:00:01+00"), text("{\"a\": 1}"), text("\"[1,2)\"")},
             (std::int64_t{3} << 40) | 5),
      R"({"id":"7","_ver_":3298534883333,"_doc_":"{\"id\":7,\"carrier\":\"UA\",\"delay\":-2.5,)"
      R"(\"price\":1.50,\"late\":true,\"day\":\"2000-01-03\",\"at\":\"2000-01-01T00:00:01+00:00\",)"
      R"(\"extra\":{\"a\": 1},\"range\":\"[1,2)\"}","c_id_l":7,"c_carrier_s":"UA","c_delay_d":-2.5,)"
      R"("c_price_n":"350000115","c_late_b":true,"c_day_l":2,"c_at_us":1000000})");
}

TEST(DocumentWriter, ANullStandsInTheTextAndHasNoTwin) {
  DocumentWriter writer({column("id", ValueType::kInt4), column("carrier", ValueType::kText)}, {0});
  EXPECT_EQ(append(writer, {text("7"), kNull}),
            R"({"id":"7","_ver_":1,"_doc_":"{\"id\":7,\"carrier\":null}","c_id_l":7})");
}

TEST(DocumentWriter, AnyNameAndTextSurviveTwoLevelsOfEscapes) {
  const std::string nasty = "\"\\\n\t\x01/\x7F é🎉\xE2\x80\xA8{}[]:,'";
  DocumentWriter writer({column("id", ValueType::kText), column(nasty, ValueType::kText)}, {0});
  const auto body = json::parse(append(writer, {text(nasty), text(nasty)}));
  EXPECT_EQ(body["id"], nasty);
  EXPECT_EQ(body["c_id_s"], nasty);
  const auto document = json::parse(body["_doc_"].get<std::string>());
  EXPECT_EQ(document["id"], nasty);
  EXPECT_EQ(document[nasty], nasty);
}

TEST(DocumentWriter, NoTwinIsAnObject) {
  // To Solr an object in a field is an atomic update.
  DocumentWriter writer({column("id", ValueType::kText), column("v", ValueType::kJsonb),
                         column("w", ValueType::kWrapped)},
                        {0});
  const auto body =
      json::parse(append(writer, {text("{\"set\":1}"), text("{\"set\":1}"), text("{\"set\":1}")}));
  EXPECT_EQ(body.size(), 4U);
  for (const auto& [name, value] : body.items()) EXPECT_FALSE(value.is_structured()) << name;
}

TEST(DocumentWriter, FloatsThatAreNoJsonNumbersAreQuoted) {
  DocumentWriter writer({column("f", ValueType::kFloat8)}, {0});
  for (const auto* value : {"NaN", "Infinity", "-Infinity"}) {
    EXPECT_EQ(json::parse(append(writer, {text(value)}))["c_f_d"], value);
  }
}

TEST(DocumentWriter, MinusZeroStaysInTheTextAndIsZeroInTheTwin) {
  DocumentWriter writer({column("f", ValueType::kFloat8)}, {0});
  EXPECT_EQ(append(writer, {native(std::string("\x80\0\0\0\0\0\0\0", 8))}),
            R"({"id":"0","_ver_":1,"_doc_":"{\"f\":-0}","c_f_d":0})");
}

TEST(DocumentWriter, ALongTextIsWholeInTheDocumentAndShortInTheTwin) {
  const std::string value(100'000, '"');
  DocumentWriter writer({column("id", ValueType::kInt4), column("v", ValueType::kText)}, {0});
  const auto body = json::parse(append(writer, {text("1"), text(value)}));
  EXPECT_EQ(json::parse(body["_doc_"].get<std::string>())["v"], value);
  EXPECT_LE(body["c_v_s"].get<std::string>().size(), 32766U);
}

TEST(DocumentWriter, TheIdIsTheKeysText) {
  DocumentWriter single({column("a", ValueType::kText), column("b", ValueType::kInt4)}, {0});
  EXPECT_EQ(single.id(std::vector{text("x|y\\z"), text("1")}), "x|y\\z");
  DocumentWriter other({column("a", ValueType::kText), column("b", ValueType::kInt4)}, {1});
  EXPECT_EQ(other.id(std::vector{kNull, native(std::string("\xFF\xFF\xFF\xFE", 4))}), "-2");
}

TEST(DocumentWriter, PartsOfACompositeKeyCannotRunIntoEachOther) {
  DocumentWriter writer({column("a", ValueType::kText), column("b", ValueType::kText)}, {1, 0});
  EXPECT_EQ(writer.id(std::vector{text("1"), text("2")}), "2|1");
  EXPECT_EQ(writer.id(std::vector{text("a|b"), text("c\\")}), "c\\\\|a\\|b");
  EXPECT_NE(writer.id(std::vector{text("|"), text("")}),
            writer.id(std::vector{text(""), text("|")}));
  EXPECT_NE(writer.id(std::vector{text("\\"), text("|")}),
            writer.id(std::vector{text("|\\"), text("")}));
}

TEST(DocumentWriter, BothFormsOfAKeyGiveOneId) {
  DocumentWriter writer({column("at", ValueType::kTimestampTz), column("ok", ValueType::kBoolean)},
                        {0, 1});
  EXPECT_EQ(
      writer.id(std::vector{native(std::string("\0\0\0\0\0\x0F\x42\x40", 8)), native("\x01")}),
      writer.id(std::vector{text("2000-01-01 00:00:01+00"), text("t")}));
}

TEST(DocumentWriter, EqualNumbersAreOneKey) {
  DocumentWriter numeric({column("n", ValueType::kNumeric)}, {0});
  const std::pair<const char*, const char*> kTexts[] = {
      {"1.00", "1"}, {"-1.50", "-1.5"}, {"0.000", "0"},  {"100", "100"},
      {"0.10", "0.1"}, {"NaN", "NaN"},  {"-10", "-10"}, {"10.0", "10"}};
  for (const auto& [printed, id] : kTexts) {
    EXPECT_EQ(numeric.id(std::vector{text(printed)}), id);
  }
  DocumentWriter real({column("r", ValueType::kFloat8)}, {0});
  EXPECT_EQ(real.id(std::vector{text("-0")}), "0");
  EXPECT_EQ(real.id(std::vector{native(std::string("\x80\0\0\0\0\0\0\0", 8))}), "0");
  EXPECT_EQ(real.id(std::vector{text("-0.1")}), "-0.1");
  DocumentWriter plain({column("t", ValueType::kText)}, {0});
  EXPECT_EQ(plain.id(std::vector{text("1.00")}), "1.00");
}

TEST(DocumentWriter, NoIdIsEmptyAndNoneIsAnothers) {
  DocumentWriter writer({column("a", ValueType::kText)}, {0});
  EXPECT_EQ(writer.id(std::vector{text("")}), "\\");
  EXPECT_EQ(writer.id(std::vector{text("\\")}), "\\\\");
  EXPECT_EQ(writer.id(std::vector{text("\\a")}), "\\a");
}

TEST(DocumentWriter, AKeyThatLuceneCantTakeIsCutAndHashed) {
  DocumentWriter writer({column("a", ValueType::kText), column("b", ValueType::kText)}, {0, 1});
  const std::string separators(20000, '|');
  const auto id = writer.id(std::vector{text(separators), text("x")});
  EXPECT_LE(id.size(), 32766U);
  EXPECT_NE(id, writer.id(std::vector{text(separators), text("y")}));
}

TEST(DocumentWriter, TombstonesCarryTheVersion) {
  std::string body = "[";
  DocumentWriter::append_tombstone(body, "a\"|b", 9);
  EXPECT_EQ(body, R"([{"id":"a\"|b","_ver_":9,"_deleted_":true})");
}

TEST(DocumentWriter, NativeBytesOfAWrongSizeAreAnError) {
  for (const auto type : {ValueType::kBoolean, ValueType::kInt2, ValueType::kInt4, ValueType::kInt8,
                          ValueType::kFloat4, ValueType::kFloat8, ValueType::kUuid,
                          ValueType::kDate, ValueType::kTimestamp, ValueType::kTimestampTz}) {
    DocumentWriter writer({column("v", type)}, {0});
    EXPECT_THROW(append(writer, {native("abc")}), Error);
    EXPECT_THROW(append(writer, {native("")}), Error);
  }
}

TEST(DocumentWriter, DatesThatPostgresWouldNotPrintAreAnError) {
  DocumentWriter writer({column("id", ValueType::kInt4), column("at", ValueType::kTimestamp)}, {0});
  EXPECT_THROW(append(writer, {text("1"), text("01/02/2013 10:00:00")}), Error);
}

}  // namespace
}  // namespace daas
