#include "serve/remembered_plans.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

ServerRequest request(std::string target, std::string authorization = "Bearer a") {
  ServerRequest request;
  request.method = "GET";
  request.target = std::move(target);
  request.authorization = std::move(authorization);
  return request;
}

class Plans : public testing::Test {
 protected:
  bool has(const ServerRequest& request) { return plans.find(RememberedPlans::key(request), catalog).plan != nullptr; }
  void ask(const ServerRequest& request) {
    if (has(request)) return;
    ReadPlan plan;
    plan.catalog = catalog;
    plans.keep(RememberedPlans::key(request), {std::make_shared<const Read>(), std::make_shared<const ReadPlan>(std::move(plan))});
  }

  RememberedPlans plans;
  std::shared_ptr<const Catalog> catalog = std::make_shared<const Catalog>();
};

TEST_F(Plans, ThePlanOfARequestIsRememberedWhenItComesAgain) {
  ask(request("/t?a=eq.1"));
  EXPECT_FALSE(has(request("/t?a=eq.1")));
  ask(request("/t?a=eq.1"));
  EXPECT_TRUE(has(request("/t?a=eq.1")));
}

TEST_F(Plans, EveryPartThatAPlanDependsOnTellsRequestsApart) {
  const auto known = request("/t");
  ask(known);
  ask(known);
  ASSERT_TRUE(has(known));
  EXPECT_FALSE(has(request("/t?")));
  EXPECT_FALSE(has(request("/t", "Bearer b")));
  EXPECT_FALSE(has(request("/t", "")));
  for (auto member : {&ServerRequest::method, &ServerRequest::prefer, &ServerRequest::accept, &ServerRequest::accept_profile,
                      &ServerRequest::range, &ServerRequest::min_position}) {
    auto other = known;
    other.*member = "HEAD";
    EXPECT_FALSE(has(other));
  }
  // Nor do bytes pass for those of the part beside.
  auto shifted = known;
  shifted.target = "/";
  shifted.method = "GET/t";
  EXPECT_FALSE(has(shifted));
}

TEST_F(Plans, AnotherCatalogHasNone) {
  ask(request("/t"));
  ask(request("/t"));
  const auto before = std::exchange(catalog, std::make_shared<const Catalog>());
  EXPECT_FALSE(has(request("/t")));
  EXPECT_EQ(before.use_count(), 1);
}

TEST_F(Plans, AReadOfAPositionAndALongRequestAreNotRemembered) {
  auto waits = request("/t");
  waits.min_position = "0/1";
  const auto tall = request("/t?a=eq." + std::string(5000, 'x'));
  for (const auto& one : {waits, tall}) {
    ask(one);
    ask(one);
    ask(one);
    EXPECT_FALSE(has(one));
  }
}

}  // namespace
}  // namespace daas
