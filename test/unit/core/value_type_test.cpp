#include "core/value_type.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace daas {
namespace {

std::string field(std::string name, ValueType type = ValueType::kText) {
  return solr_field({.name = std::move(name), .type = type, .source = {}, .pg_type = {}});
}

TEST(ValueType, FieldsCarryTheTypeOfTheirTwin) {
  EXPECT_EQ(field("carrier"), "c_carrier_s");
  EXPECT_EQ(field("dep_delay", ValueType::kFloat8), "c_dep_delay_d");
  EXPECT_EQ(field("at", ValueType::kTimestampTz), "c_at_us");
  EXPECT_EQ(field("id", ValueType::kInt8), "c_id_l");
  EXPECT_EQ(field("price", ValueType::kNumeric), "c_price_n");
}

TEST(ValueType, BytesThatSolrNamesCannotHoldAreEscaped) {
  EXPECT_EQ(field("a b"), "c_a_x20_b_s");
  EXPECT_EQ(field("é"), "c__xC3__xA9__s");
  EXPECT_EQ(field("_x20_"), "c__x5F_x20__s");
  EXPECT_EQ(field("a_x"), "c_a_x5F_x_s");
  EXPECT_EQ(field("id"), "c_id_s");
  EXPECT_EQ(field("_version_"), "c__version__s");
}

TEST(ValueType, NoTwoColumnsShareAField) {
  const std::vector<std::string> pieces{"_", "x", "_x", "5F", "20", "_x20_", "_x5F_",
                                        " ", "é", "-",  "s",  "_s", "us",    "A"};
  std::map<std::string, std::string> owners;
  for (const auto& a : pieces) {
    for (const auto& b : pieces) {
      for (const auto& c : pieces) {
        const auto name = a + b + c;
        const auto [owner, added] = owners.try_emplace(field(name), name);
        EXPECT_EQ(owner->second, name) << "share " << owner->first;
      }
    }
  }
}

TEST(ValueType, NamesAndOidsAgree) {
  EXPECT_EQ(value_type_named("timestamp with time zone"), value_type_of(1184));
  EXPECT_EQ(value_type_named("character varying"), value_type_of(1043));
  EXPECT_EQ(value_type_named("smallint"), value_type_of(21));
  EXPECT_EQ(value_type_named("jsonb"), value_type_of(3802));
}

TEST(ValueType, EveryTypeHasANameThatNamesIt) {
  for (int i = 0; i < static_cast<int>(ValueType::kWrapped); ++i) {
    const auto type = static_cast<ValueType>(i);
    EXPECT_EQ(value_type_named(value_type_name(type)), type) << i;
  }
}

TEST(ValueType, EnumsAreEqualAndHaveNoOrder) {
  EXPECT_EQ(twin_suffix(ValueType::kEnum), "_s");
  EXPECT_FALSE(has_ordered_twin(ValueType::kEnum));
  EXPECT_TRUE(has_ordered_twin(ValueType::kInterval));
  EXPECT_FALSE(has_ordered_twin(ValueType::kJson));
}

TEST(ValueType, EveryOtherTypeIsWrapped) {
  for (const auto* name :
       {"money", "regclass", "integer[]", "int4range", "public.flight", "\"boolean\"", ""}) {
    EXPECT_EQ(value_type_named(name), ValueType::kWrapped) << name;
  }
  EXPECT_EQ(value_type_of(790), ValueType::kWrapped);
  EXPECT_EQ(value_type_of(0), ValueType::kWrapped);
  EXPECT_EQ(value_type_name(ValueType::kWrapped), "");
  EXPECT_EQ(twin_suffix(ValueType::kWrapped), std::nullopt);
  EXPECT_EQ(twin_suffix(ValueType::kJsonb), std::nullopt);
}

}  // namespace
}  // namespace daas
