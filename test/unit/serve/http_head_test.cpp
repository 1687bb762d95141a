#include "serve/http_head.hpp"

#include <gtest/gtest.h>

namespace daas {
namespace {

ServerResponse response(unsigned status, std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) {
  return {status, std::move(headers), std::move(body)};
}

TEST(HttpHead, IsStatusHeadersAndFraming) {
  EXPECT_EQ(answer_head(response(206, "[]", {{"Daas-Position", "0/1"}, {"Vary", "Accept"}, {"Vary", "Origin"}}), {.length = 2}),
            "HTTP/1.1 206 Partial Content\r\nServer: daas\r\nDaas-Position: 0/1\r\nVary: Accept\r\nVary: Origin\r\n"
            "Content-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n");
}

TEST(HttpHead, AnAnswersOwnTypeIsItsType) {
  EXPECT_EQ(answer_head(response(200, "a", {{"content-type", "text/csv"}}), {.length = 1}),
            "HTTP/1.1 200 OK\r\nServer: daas\r\ncontent-type: text/csv\r\nContent-Length: 1\r\n\r\n");
}

TEST(HttpHead, WhatHasNoBodyHasNoTypeAndNoLength) {
  EXPECT_EQ(answer_head(response(304, "", {{"Content-Type", "text/csv"}, {"ETag", "W/\"1\""}}), {.bodiless = true}),
            "HTTP/1.1 304 Not Modified\r\nServer: daas\r\nETag: W/\"1\"\r\n\r\n");
  EXPECT_EQ(answer_head(response(201, ""), {.length = 0}), "HTTP/1.1 201 Created\r\nServer: daas\r\nContent-Length: 0\r\n\r\n");
}

TEST(HttpHead, PiecesAreChunksOrEndWithTheConnection) {
  EXPECT_EQ(answer_head(response(200, "", {{"Content-Type", "t"}}), {.chunked = true}),
            "HTTP/1.1 200 OK\r\nServer: daas\r\nContent-Type: t\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(answer_head(response(200, "", {{"Content-Type", "t"}}), {.last = true}),
            "HTTP/1.1 200 OK\r\nServer: daas\r\nContent-Type: t\r\nConnection: close\r\n\r\n");
}

}  // namespace
}  // namespace daas
