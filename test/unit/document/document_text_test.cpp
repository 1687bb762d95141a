#include "document/document_text.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "document/document_writer.hpp"

namespace daas {
namespace {

using Texts = std::vector<std::string>;

TEST(DocumentText, TextsOfColumnsAreFoundByTheirPlace) {
  const std::string text =
      R"({"a":1.10,"q\"\u00e9":"x\"|\\\né","b":true,"c":null,"n":{"a":[1,{"b":2}]},"z":-1e+300 })";
  EXPECT_EQ(column_texts(text, {0}), Texts{"1.10"});
  EXPECT_EQ(column_texts(text, {5, 1, 2}), (Texts{"-1e+300", "x\"|\\\n\xc3\xa9", "true"}));
  EXPECT_EQ(column_texts(text, {}), Texts{});
}

TEST(DocumentText, WhatIsNoDocumentTextIsSaid) {
  for (const char* text : {"", "[]", "{", R"({"a":1})", R"({"a":1,"b")", R"({"a":1,"b":})"}) {
    EXPECT_THROW(column_texts(text, {1}), Error) << text;
  }
}

TEST(DocumentText, WhatTheWriterWroteIsReadBack) {
  std::vector<Column> columns(2);
  columns[0].name = "the \"key\"";
  columns[0].type = ValueType::kText;
  columns[1].name = "v";
  columns[1].type = ValueType::kNumeric;
  DocumentWriter writer(columns, {0});
  const std::vector<Field> row = {{Field::Form::kText, "a|\\\"\n"}, {Field::Form::kText, "1.10"}};
  std::string body;
  writer.append(body, row, 7);
  const auto text = document_text(body);
  EXPECT_EQ(text, R"({"the \"key\"":"a|\\\"\n","v":1.10})");
  EXPECT_EQ(column_texts(text, {0, 1}), (Texts{"a|\\\"\n", "1.10"}));
}

TEST(DocumentText, ATombstoneHasNone) {
  std::string body;
  DocumentWriter::append_tombstone(body, "a", 7);
  EXPECT_EQ(document_text(body), "");
}

}  // namespace
}  // namespace daas
