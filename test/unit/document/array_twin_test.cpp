#include "document/array_twin.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"

namespace daas {
namespace {

std::string twin(ValueType type, std::string_view json) {
  std::string body;
  const bool without_null = append_array_twin(body, type, json);
  return body + (without_null ? "" : " with null");
}

TEST(ArrayTwin, HoldsTheElementsOfAllDimensions) {
  EXPECT_EQ(twin(ValueType::kInt4, "[1,-2]"), R"(["1","-2"])");
  EXPECT_EQ(twin(ValueType::kInt8, "[[9007199254740993, 2],[3,4]]"), R"(["9007199254740993","2","3","4"])");
  EXPECT_EQ(twin(ValueType::kText, R"(["a\"b","","\u00e4\n"])"), R"(["a\"b","","ä\n"])");
  EXPECT_EQ(twin(ValueType::kBoolean, "[true, false]"), R"(["true","false"])");
  EXPECT_EQ(twin(ValueType::kInt4, "[]"), "[]");
}

TEST(ArrayTwin, TellsOfNull) {
  EXPECT_EQ(twin(ValueType::kInt4, "[1,null]"), R"(["1"] with null)");
  EXPECT_EQ(twin(ValueType::kText, R"(["null"])"), R"(["null"])");
}

TEST(ArrayTwin, IsOfWhatPostgresqlPrintsOnly) {
  for (const char* bad : {"", "1", "{\"a\":1}", "[1", "[{}]", "[x]"}) {
    EXPECT_THROW(twin(ValueType::kInt4, bad), Error) << bad;
  }
}

}  // namespace
}  // namespace daas
