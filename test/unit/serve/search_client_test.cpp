#include "serve/search_client.hpp"

#include <gtest/gtest.h>

#include <future>

#include "core/error.hpp"
#include "scripted_server.hpp"

namespace daas {
namespace {

using namespace std::chrono_literals;

const std::string kSilent = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
const std::string kNobody = "http://127.0.0.1:1/solr";

SolrEndpoint nodes(std::vector<std::string> urls) { return {std::move(urls), {}, {}, {}}; }

class Search : public testing::Test {
 protected:
  ~Search() override { end(); }

  void open(SolrEndpoint endpoint, int at_a_time = 1) {
    client_ = std::make_unique<SearchClient>(std::move(endpoint), loops_, at_a_time);
    loops_.start();
  }
  void end() {
    loops_.stop();
    if (client_) client_->stop();
  }
  std::future<SearchOutcome> ask(const std::string& value, std::chrono::milliseconds timeout = 10s,
                                 SearchClient::Turn turn = SearchClient::Turn::kLast) {
    const auto promise = std::make_shared<std::promise<SearchOutcome>>();
    EXPECT_TRUE(client_->search("c d", {{"q", value}}, timeout, [promise](SearchOutcome outcome) { promise->set_value(std::move(outcome)); }, turn));
    return promise->get_future();
  }
  static SearchOutcome of(std::future<SearchOutcome> future) {
    if (future.wait_for(20s) != std::future_status::ready) {
      ADD_FAILURE() << "no outcome";
      return {};
    }
    return future.get();
  }

  EventLoops loops_{1};
  std::unique_ptr<SearchClient> client_;
};

TEST_F(Search, SendsAFormAndHandsOnTheAnswerWhateverItsStatus) {
  ScriptedServer server({ScriptedServer::answer(200, "one"), ScriptedServer::answer(404, "two")});
  open(nodes({server.url() + "/"}));
  EXPECT_EQ(of(ask("a&b")).answer.body, "one");
  const auto second = of(ask("c"));
  EXPECT_EQ(second.answer.status, 404);
  EXPECT_EQ(second.answer.body, "two");
  EXPECT_EQ(second.failure, "");
  EXPECT_EQ(server.requests(), (std::vector<std::string>{"POST /solr/c%20d/daas HTTP/1.1\nq=a%26b", "POST /solr/c%20d/daas HTTP/1.1\nq=c"}));
}

TEST_F(Search, ANodeThatCantBeReachedIsPassedOver) {
  ScriptedServer server({ScriptedServer::answer(200, "one"), ScriptedServer::answer(200, "two")});
  open(nodes({kNobody, server.url()}));
  EXPECT_EQ(of(ask("a")).answer.body, "one");
  EXPECT_EQ(of(ask("b")).answer.body, "two");
}

TEST_F(Search, WhenNoNodeCanBeReachedEachIsNamed) {
  open(nodes({kNobody, "http://[::1]:2/solr"}));
  const auto failure = of(ask("a")).failure;
  EXPECT_NE(failure.find(kNobody), std::string::npos) << failure;
  EXPECT_NE(failure.find("http://[::1]:2/solr: "), std::string::npos) << failure;
}

TEST_F(Search, AKeptConnectionThatEndedIsReplacedAndAFreshOneIsNot) {
  ScriptedServer server({ScriptedServer::answer(200, "one"), "", ScriptedServer::answer(200, "two"), "", ""});
  open(nodes({server.url()}));
  EXPECT_EQ(of(ask("a")).answer.body, "one");
  EXPECT_EQ(of(ask("b")).answer.body, "two");
  EXPECT_NE(of(ask("c")).failure, "");
  EXPECT_EQ(server.requests().size(), 5u);
}

TEST_F(Search, ANodeThatFallsSilentIsGivenUp) {
  ScriptedServer server({kSilent, ScriptedServer::answer(200, "two")});
  open(nodes({server.url()}));
  const auto failure = of(ask("a", 100ms)).failure;
  EXPECT_NE(failure.find("it takes too long"), std::string::npos) << failure;
  EXPECT_EQ(of(ask("b")).answer.body, "two");
}

TEST_F(Search, OneAfterTheOtherUnlessOneIsSaidToBeNext) {
  ScriptedServer server({kSilent, ScriptedServer::answer(200, "next"), ScriptedServer::answer(200, "last")});
  open(nodes({server.url()}));
  auto first = ask("a", 300ms);
  auto last = ask("b");
  auto next = ask("c", 10s, SearchClient::Turn::kNext);
  EXPECT_NE(of(std::move(first)).failure, "");
  EXPECT_EQ(of(std::move(next)).answer.body, "next");
  EXPECT_EQ(of(std::move(last)).answer.body, "last");
}

TEST_F(Search, WhatEndsWithASearchMayAskForMore) {
  ScriptedServer server({ScriptedServer::answer(200, "a"), ScriptedServer::answer(200, "x"), ScriptedServer::answer(200, "b")});
  open(nodes({server.url()}));
  std::promise<void> may_end;
  std::promise<std::string> more;
  auto ends = std::shared_ptr<int>(new int(0), [&](const int* number) {
    delete number;
    EXPECT_TRUE(client_->search("x", {}, 10s, [&](SearchOutcome outcome) { more.set_value(outcome.answer.body); }, SearchClient::Turn::kNext));
  });
  ASSERT_TRUE(client_->search("a", {}, 10s, [ends, &may_end](SearchOutcome) { may_end.get_future().wait(); }));
  ends.reset();
  auto waiting = ask("b");
  may_end.set_value();
  EXPECT_EQ(more.get_future().get(), "x");
  EXPECT_EQ(of(std::move(waiting)).answer.body, "b");
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(Search, AnAnswerAheadOfTheAnswerIsPassedOver) {
  ScriptedServer server({"HTTP/1.1 103 Early Hints\r\n\r\n" + ScriptedServer::answer(200, "one"), ScriptedServer::answer(200, "two")});
  open(nodes({server.url()}));
  EXPECT_EQ(of(ask("a")).answer.body, "one");
  EXPECT_EQ(of(ask("b")).answer.body, "two");
}

TEST_F(Search, MoreThanWasAskedForIsNobodysAnswer) {
  ScriptedServer server({ScriptedServer::answer(200, "one") + ScriptedServer::answer(200, "another's"), ScriptedServer::answer(200, "two")});
  open(nodes({server.url()}));
  EXPECT_EQ(of(ask("a")).answer.body, "one");
  EXPECT_EQ(of(ask("b")).answer.body, "two");
}

TEST_F(Search, ALengthBeyondReasonIsAFailure) {
  ScriptedServer server({"HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\nx", ScriptedServer::answer(200, "two")});
  open(nodes({server.url()}));
  EXPECT_NE(of(ask("a")).failure, "");
  EXPECT_EQ(of(ask("b")).answer.body, "two");
}

TEST_F(Search, TooManyThatWaitAreRefused) {
  ScriptedServer server({kSilent});
  open(nodes({server.url()}));
  std::vector<std::future<SearchOutcome>> asked;
  asked.push_back(ask("a"));
  int waiting = 0;
  while (waiting < 5000 && client_->search("c", {}, 10s, [](SearchOutcome) {})) ++waiting;
  EXPECT_GE(waiting, 1000);
  EXPECT_LT(waiting, 1100);
}

TEST_F(Search, TheEndEndsWhatIsUnderWayAndTakesNothingMore) {
  ScriptedServer server({kSilent});
  open(nodes({server.url()}));
  auto under_way = ask("a");
  auto waiting = ask("b");
  while (server.requests().empty()) std::this_thread::yield();
  end();
  EXPECT_NE(of(std::move(under_way)).failure, "");
  EXPECT_THROW(waiting.get(), std::future_error) << "dropped";
  EXPECT_FALSE(client_->search("c", {}, 10s, [](SearchOutcome) {}));
}

TEST_F(Search, AnAddressThatIsNoneIsRefused) {
  for (const auto* url : {"", "nonsense://x", "http://", "http://host:99999/solr"}) {
    EXPECT_THROW(SearchClient(nodes({url}), loops_, 1), Error) << url;
  }
  EXPECT_THROW(SearchClient({{"https://host/solr"}, {}, {}, "/nonexistent"}, loops_, 1), Error);
}

}  // namespace
}  // namespace daas
