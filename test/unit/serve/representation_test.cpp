#include "serve/representation.hpp"

#include <gtest/gtest.h>

#include "serve/cross_origin.hpp"

namespace daas {
namespace {

std::string header_of(const ServerResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

ServerResponse represented(const std::string& body, const std::string& if_none_match = "", const std::string& encoding = "",
                           unsigned status = 200) {
  ServerResponse response;
  response.status = status;
  response.body = body;
  represent(response, if_none_match, encoding);
  return response;
}

TEST(Representation, TheTagIsOfTheBody) {
  const auto tag = header_of(represented("[1]"), "ETag");
  EXPECT_EQ(tag.size(), 36u);
  EXPECT_TRUE(tag.starts_with("W/"));
  EXPECT_EQ(header_of(represented("[1]", "", "gzip"), "ETag"), tag);
  EXPECT_NE(header_of(represented("[2]"), "ETag"), tag);
  for (const auto& known : {tag, tag.substr(2), "\"x\", " + tag, std::string("*")}) {
    const auto response = represented("[1]", known);
    EXPECT_EQ(response.status, 304u) << known;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(header_of(response, "ETag"), tag);
  }
  EXPECT_EQ(represented("[1]", "\"x\"").status, 200u);
  EXPECT_EQ(represented("[1]", tag.substr(3)).status, 200u);
}

TEST(Representation, TheTagIsOfTheCountToo) {
  const auto tag = [](const std::string& range) {
    ServerResponse response;
    response.body = "[1]";
    response.headers = {{"Content-Range", range}};
    represent(response, "", "");
    return header_of(response, "ETag");
  };
  EXPECT_EQ(tag("0-0/5"), tag("0-0/5"));
  EXPECT_NE(tag("0-0/5"), tag("0-0/6"));
}

TEST(Representation, ErrorsHaveNoTag) {
  EXPECT_EQ(header_of(represented("{}", "*", "gzip", 400), "ETag"), "");
  EXPECT_EQ(represented("{}", "*", "", 400).status, 400u);
}

TEST(Representation, LargeBodiesAreCompressedForWhoWantsThat) {
  const std::string large(10000, 'a');
  for (const char* wanted : {"gzip", "deflate, gzip;q=0.5", "GZIP", "gzip;q=1.0"}) {
    const auto response = represented(large, "", wanted);
    EXPECT_EQ(header_of(response, "Content-Encoding"), "gzip") << wanted;
    EXPECT_LT(response.body.size(), 200u);
    EXPECT_TRUE(response.body.starts_with("\x1f\x8b"));
  }
  for (const char* other : {"", "identity", "br", "gzip;q=0", "gzip;q=0.0"}) {
    EXPECT_EQ(represented(large, "", other).body, large) << other;
  }
  EXPECT_EQ(represented("[]", "", "gzip").body, "[]");
}

TEST(CrossOrigin, OpensToAllowedPagesOnly) {
  const CrossOrigin some({"https://a.example"});
  ServerResponse open, shut;
  some.open(open, "https://a.example");
  EXPECT_EQ(header_of(open, "Access-Control-Allow-Origin"), "https://a.example");
  some.open(shut, "https://a.example.evil");
  EXPECT_EQ(header_of(shut, "Access-Control-Allow-Origin"), "");
  EXPECT_EQ(header_of(shut, "Vary"), "Origin");
  EXPECT_NE(header_of(some.preflight("https://a.example", "GET, HEAD"), "Access-Control-Allow-Headers").find("Authorization"), std::string::npos);
  EXPECT_TRUE(some.preflight("null", "GET, HEAD").headers.empty());
  EXPECT_TRUE(CrossOrigin({"*"}).allows("https://b.example"));
  ServerResponse none;
  CrossOrigin({}).open(none, "https://a.example");
  EXPECT_TRUE(none.headers.empty());
}

}  // namespace
}  // namespace daas
