#include "serve/cursor_seal.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

const std::string kSecret(32, 'k');

ReadPlan cursor_plan(const std::string& filter = "a", const std::string& scope = "EWR") {
  ReadPlan plan;
  plan.model = "flights";
  plan.by_cursor = true;
  plan.solr.parameters = {{"fq", "{!terms f=c_o_s v=$scope0}"}, {"scope0", scope}, {"q", "*:*"}, {"v0", filter},
                          {"sort", "id asc"}, {"start", "0"}, {"rows", "10"}};
  return plan;
}

std::string opened(const CursorSeal& seal, ReadPlan planned, const std::string& cursor) {
  try {
    seal.open(planned, cursor);
  } catch (const Refusal& refusal) {
    return refusal.error().code;
  }
  return planned.solr.parameters.back().second;
}

std::string sealed(const CursorSeal& seal, const std::string& mark) {
  auto first = cursor_plan();
  seal.open(first, "");
  return seal.seal(first, mark);
}

TEST(CursorSeal, TheFirstPageHasNoCursorAndTheLastGivesNone) {
  const CursorSeal seal(kSecret);
  EXPECT_EQ(opened(seal, cursor_plan(), ""), "*");
  EXPECT_EQ(sealed(seal, "*"), "");
  EXPECT_EQ(sealed(seal, ""), "");
}

TEST(CursorSeal, OpensWhatItSealedForTheSameRequest) {
  const CursorSeal seal(kSecret);
  const auto cursor = sealed(seal, "AoEkMTIz");
  EXPECT_EQ(opened(seal, cursor_plan(), cursor), "AoEkMTIz");
  auto larger = cursor_plan();
  larger.solr.parameters.back().second = "500";  // another limit is the same walk
  EXPECT_EQ(opened(seal, larger, cursor), "AoEkMTIz");
  EXPECT_EQ(opened(CursorSeal(kSecret), cursor_plan(), cursor), "AoEkMTIz") << "another process";
  EXPECT_NE(sealed(seal, "AoEkMTIz"), cursor) << "the same mark never looks the same";
  EXPECT_EQ(cursor.find("AoE"), std::string::npos);
}

TEST(CursorSeal, IsBoundToFilterScopeOrderModelAndKey) {
  const CursorSeal seal(kSecret);
  const auto cursor = sealed(seal, "AoEkMTIz");
  EXPECT_EQ(opened(seal, cursor_plan("b"), cursor), "22023");
  EXPECT_EQ(opened(seal, cursor_plan("a", "JFK"), cursor), "22023");
  auto other = cursor_plan();
  other.solr.parameters[4].second = "id desc";
  EXPECT_EQ(opened(seal, other, cursor), "22023");
  other = cursor_plan();
  other.api = "another";
  EXPECT_EQ(opened(seal, other, cursor), "22023");
  other = cursor_plan();
  other.model = "trips";
  EXPECT_EQ(opened(seal, other, cursor), "22023");
  EXPECT_EQ(opened(CursorSeal(std::string(32, 'x')), cursor_plan(), cursor), "22023");
  for (const char* bad : {"x", "AoEkMTIz", "====", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "*"}) {
    EXPECT_EQ(opened(seal, cursor_plan(), bad), "22023") << bad;
  }
  for (std::size_t at = 0; at < cursor.size(); ++at) {
    auto changed = cursor;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    EXPECT_EQ(opened(seal, cursor_plan(), changed), "22023") << at;
  }
}

}  // namespace
}  // namespace daas
