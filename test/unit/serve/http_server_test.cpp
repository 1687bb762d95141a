#include "serve/http_server.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <thread>

#include "core/error.hpp"
#include "serve/admin_server.hpp"
#include "serve/worker_pool.hpp"

namespace daas {
namespace {

using namespace std::chrono_literals;

/// A plain socket: what it sends is exactly what the test says.
class Client {
 public:
  explicit Client(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval timeout{5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Client() { close(fd_); }
  bool connected() const { return connected_; }

  void send(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// Until the text has come, or the other side closed.
  std::string receive_until(std::string_view wanted) {
    std::string got;
    char buffer[4096];
    while (got.find(wanted) == std::string::npos) {
      const auto count = recv(fd_, buffer, sizeof(buffer), 0);
      last_error_ = count < 0 ? errno : 0;
      if (count <= 0) break;
      got.append(buffer, static_cast<std::size_t>(count));
    }
    return got;
  }
  int last_error() const { return last_error_; }
  /// How long a receive waits.
  void wait_at_most(std::chrono::milliseconds time) {
    const timeval timeout{0, std::chrono::microseconds(time).count()};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
  }
  std::string receive_all() { return receive_until(std::string_view("\xff\xff\xff", 3)); }

 private:
  int fd_;
  int last_error_ = 0;
  bool connected_ = false;
};

class Server : public testing::Test {
 protected:
  void serve(HttpServer::Handler handler, std::chrono::seconds idle = 30s) {
    server_ = std::make_unique<HttpServer>(HttpServer::Settings{"127.0.0.1:0", idle, {}, {}}, loops_,
                                           std::move(handler));
    server_->start();
  }
  void serve_echo() {
    serve([](const ServerRequest& request, const HttpServer::Reply& reply) {
      reply({200,
             {{"X-Test", "1"}},
             request.method + " " + request.target + " " + request.body + "."});
    });
  }
  std::string exchange(const std::string& request) {
    Client client(server_->port());
    client.send(request);
    return client.receive_all();
  }

  EventLoops loops_{2};
  std::unique_ptr<HttpServer> server_;
};

TEST_F(Server, AnswersSeveralRequestsOnOneConnection) {
  serve_echo();
  Client client(server_->port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n");
    const auto answer = client.receive_until("GET /a?b .");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("Content-Type: application/json; charset=utf-8"), std::string::npos);
    EXPECT_NE(answer.find("X-Test: 1"), std::string::npos);
  }
}

TEST_F(Server, AnswersPipelinedRequestsInOrder) {
  serve_echo();
  Client client(server_->port());
  client.send(
      "GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nhiGET /3 "
      "HTTP/1.1\r\nConnection: close\r\n\r\n");
  const auto answers = client.receive_all();
  const auto first = answers.find("GET /1 ."), second = answers.find("POST /2 hi."),
             third = answers.find("GET /3 .");
  EXPECT_TRUE(first < second && second < third && third != std::string::npos) << answers;
}

TEST_F(Server, HeadHasTheHeadersOfGetAndNoBody) {
  serve_echo();
  const auto answer = exchange("HEAD /a HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 9\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST_F(Server, AConnectionGoesOnAfterAHead) {
  serve_echo();
  Client client(server_->port());
  client.send("HEAD /a HTTP/1.1\r\n\r\n");
  client.receive_until("\r\n\r\n");
  client.send("GET /b HTTP/1.1\r\n\r\n");
  EXPECT_NE(client.receive_until("GET /b .").find("GET /b ."), std::string::npos);
}

TEST_F(Server, OfLargeBodiesFewAreReadAtATimeAndSmallOnesAlways) {
  server_ = std::make_unique<HttpServer>(HttpServer::Settings{"127.0.0.1:0", 30s, {}, {}, 1 << 20}, loops_,
                                         [](const ServerRequest& request, const HttpServer::Reply& reply) {
                                           reply({200, {}, std::to_string(request.body.size()) + " bytes"});
                                         });
  server_->start();
  const std::string large = "POST /a HTTP/1.1\r\nContent-Length: 70000\r\n\r\n";
  std::vector<std::unique_ptr<Client>> senders;
  const auto refused = [&] {
    auto& sender = senders.emplace_back(std::make_unique<Client>(server_->port()));
    sender->wait_at_most(100ms);
    sender->send(large);
    return sender->receive_until("\r\n\r\n").find(" 503 ") != std::string::npos;
  };
  for (int i = 0; i < 64; ++i) senders.emplace_back(std::make_unique<Client>(server_->port()))->send(large);
  bool full = false;
  for (int tries = 0; tries < 20 && !full; ++tries) full = refused();
  ASSERT_TRUE(full);
  Client small(server_->port());
  small.send("POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nxx");
  EXPECT_NE(small.receive_until("bytes").find("2 bytes"), std::string::npos);
  senders[0]->send(std::string(70000, 'x'));
  EXPECT_NE(senders[0]->receive_until("bytes").find("70000 bytes"), std::string::npos);
  senders.clear();
  bool free = false;
  for (int tries = 0; tries < 20 && !free; ++tries) free = !refused();
  EXPECT_TRUE(free) << "who goes gives the place back";
}

TEST_F(Server, ABodyWithoutALengthIsSmall) {
  server_ = std::make_unique<HttpServer>(HttpServer::Settings{"127.0.0.1:0", 30s, {}, {}, 1 << 20}, loops_,
                                         [](const ServerRequest&, const HttpServer::Reply& reply) { reply({200, {}, "ok"}); });
  server_->start();
  Client client(server_->port());
  client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n");  // 70,000
  EXPECT_NE(client.receive_until("\r\n\r\n").find(" 413 "), std::string::npos);
  Client small(server_->port());
  small.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n0\r\n\r\n");
  EXPECT_NE(small.receive_until("ok").find("ok"), std::string::npos);
}

/// A body of so many pieces; the last one breaks when asked for.
HttpServer::Handler in_pieces(int pieces, bool breaks = false) {
  return [=](const ServerRequest&, const HttpServer::Reply& reply) {
    auto given = std::make_shared<int>(0);
    reply({200, {}, "piece 0;", [=](const std::function<void(BodyPiece)>& give) {
             const int number = ++*given;
             give({"piece " + std::to_string(number) + ";", number == pieces, breaks && number == pieces});
           }});
  };
}

TEST_F(Server, ABodyInPiecesIsSentInChunksAndTheConnectionGoesOn) {
  serve(in_pieces(2));
  Client client(server_->port());
  for (int i = 0; i < 2; ++i) {
    client.send("GET / HTTP/1.1\r\n\r\n");
    const auto answer = client.receive_until("0\r\n\r\n");
    EXPECT_NE(answer.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << answer;
    EXPECT_TRUE(answer.ends_with("8\r\npiece 0;\r\n8\r\npiece 1;\r\n8\r\npiece 2;\r\n0\r\n\r\n")) << answer;
  }
}

TEST_F(Server, ABodyInPiecesForHttp10EndsWithTheConnection) {
  serve(in_pieces(2));
  const auto answer = exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\npiece 0;piece 1;piece 2;")) << answer;
  EXPECT_EQ(answer.find("chunked"), std::string::npos);
}

TEST_F(Server, ABodyInPiecesThatBreaksCantBeTakenForWhole) {
  serve(in_pieces(2, true));
  const auto answer = exchange("GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(answer.find("\r\n0\r\n\r\n"), std::string::npos) << answer;
  Client old(server_->port());
  old.send("GET / HTTP/1.0\r\n\r\n");
  old.receive_all();
  EXPECT_EQ(old.last_error(), ECONNRESET);
}

TEST_F(Server, AHeadAsksForNoPieces) {
  std::atomic<int> asked = 0;
  serve([&](const ServerRequest&, const HttpServer::Reply& reply) {
    reply({200, {}, "first", [&](const std::function<void(BodyPiece)>& give) {
             ++asked;
             give({"", true});
           }});
  });
  const auto answer = exchange("HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
  EXPECT_EQ(asked, 0);
}

TEST_F(Server, SaysWhoAsksAndForWhomItSaysSo) {
  server_ = std::make_unique<HttpServer>(HttpServer::Settings{"127.0.0.1:0", std::chrono::seconds(30), {}, {}}, loops_, [](ServerRequest request, HttpServer::Reply reply) {
    reply({200, {}, request.peer + "|" + request.forwarded_for + "|"});
  });
  server_->start();
  const auto answer = exchange("GET / HTTP/1.1\r\nX-Forwarded-For: 1.1.1.1, 2.2.2.2\r\nx-forwarded-for: 3.3.3.3\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.ends_with("\r\n\r\n127.0.0.1|1.1.1.1, 2.2.2.2,3.3.3.3|")) << answer;
}

TEST_F(Server, RefusesWhatIsTooLong) {
  serve_echo();
  const auto status = [&](const std::string& request) { return exchange(request).substr(9, 3); };
  EXPECT_EQ(status("GET /" + std::string(8192, 'a') + " HTTP/1.1\r\n\r\n"), "414");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nX: " + std::string(17'000, 'a') + "\r\n\r\n"), "431");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 70000\r\n\r\n"), "413");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"), "400");
}

TEST_F(Server, RefusesWhatIsNotHttpAndNeverCrashes) {
  serve_echo();
  for (const std::string& bad :
       {std::string("\r\n\r\n"), std::string("GET\r\n\r\n"),
        std::string("\x16\x03\x01\x02\x00\x01\x00", 7) + "\r\n\r\n",
        std::string("GET / HTTP/9.9\r\n\r\n"), std::string("GET / HTTP/1.1\r\nbad header\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        std::string("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
        std::string("GET / HTTP/1.1\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nX: a\0b\r\n\r\n", 27)}) {
    const auto answer = exchange(bad);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400")) << bad << " -> " << answer;
    EXPECT_NE(answer.find("{\"code\":"), std::string::npos) << bad;
  }
  EXPECT_NE(exchange("GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n").find("GET /ok"),
            std::string::npos);
}

TEST_F(Server, AnExceptionOfTheHandlerIsAnErrorBody) {
  serve([](const ServerRequest& request, const HttpServer::Reply&) {
    if (request.target == "/refused") throw Refusal(409, "X", "no");
    throw std::runtime_error("secret");
  });
  EXPECT_TRUE(
      exchange("GET /refused HTTP/1.1\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 409"));
  const auto answer = exchange("GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500"));
  EXPECT_EQ(answer.find("secret"), std::string::npos);
}

TEST_F(Server, AnIdleConnectionIsClosed) {
  serve([](const ServerRequest&, const HttpServer::Reply& reply) { reply({}); }, 1s);
  Client client(server_->port());
  client.send("GET / HTTP/1.1\r\n");
  EXPECT_EQ(client.receive_all(), "");
}

TEST_F(Server, StoppingLetsARequestUnderWayEndAndTakesNoOther) {
  std::promise<HttpServer::Reply> pending;
  serve([&](const ServerRequest&, const HttpServer::Reply& reply) { pending.set_value(reply); });
  const auto port = server_->port();
  Client busy(port), idle(port);
  busy.send("GET / HTTP/1.1\r\n\r\n");
  auto reply = pending.get_future().get();
  std::thread stopper([&] { server_->stop(10s); });
  EXPECT_EQ(idle.receive_all(), "");  // closed at once
  reply({200, {}, "late"});
  const auto answer = busy.receive_all();
  stopper.join();
  EXPECT_TRUE(answer.ends_with("late")) << answer;
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_FALSE(Client(port).connected());
}

TEST_F(Server, StoppingDoesNotWaitForeverAndALateAnswerIsHarmless) {
  std::promise<HttpServer::Reply> pending;
  serve([&](const ServerRequest&, const HttpServer::Reply& reply) { pending.set_value(reply); });
  Client client(server_->port());
  client.send("GET / HTTP/1.1\r\n\r\n");
  auto reply = pending.get_future().get();
  server_->stop(50ms);
  reply({});
  server_.reset();
  reply({});
  EXPECT_EQ(client.receive_all(), "");
}

TEST_F(Server, AnAddressThatCantBeHadIsAnErrorThatNamesIt) {
  serve_echo();
  for (const std::string& listen :
       {"127.0.0.1:" + std::to_string(server_->port()), std::string("nonsense"),
        std::string("127.0.0.1:99999"), std::string("127.0.0.1:"), std::string(":1")}) {
    EventLoops loop(1);
    HttpServer second({listen, 30s}, loop, [](const ServerRequest&, const HttpServer::Reply&) {});
    try {
      second.start();
      ADD_FAILURE() << listen;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find(listen), std::string::npos) << error.what();
    }
  }
}

TEST(Admin, ReadyzTellsTheReason) {
  std::atomic<bool> ready{false};
  AdminServer admin("127.0.0.1:0", [&] { return Readiness{ready.load(), "Solr \"x\" is away"}; },
                    [] { return std::vector<prometheus::MetricFamily>(); });
  admin.start();
  const auto ask = [&](const std::string& line) {
    Client client(admin.port());
    client.send(line + " HTTP/1.1\r\nConnection: close\r\n\r\n");
    return client.receive_all();
  };
  EXPECT_NE(ask("GET /readyz").find(R"({"ready":false,"reason":"Solr \"x\" is away"})"),
            std::string::npos);
  EXPECT_TRUE(ask("GET /readyz").starts_with("HTTP/1.1 503"));
  ready = true;
  EXPECT_TRUE(ask("GET /readyz").starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(ask("GET /flights").starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(ask("POST /readyz").starts_with("HTTP/1.1 405"));
}

TEST(Admin, AStatusThatTakesLongHoldsUpNoProbe) {
  std::promise<void> release;
  auto gate = release.get_future().share();
  AdminServer admin("127.0.0.1:0", [] { return Readiness{true, ""}; },
                    [] { return std::vector<prometheus::MetricFamily>(); },
                    [gate](const std::string& exact) -> std::optional<std::string> {
                      if (exact == "slow") gate.wait();
                      if (exact == "away") throw Error(Remedy::kRetry, "PostgreSQL is away");
                      if (exact == "nope") return std::nullopt;
                      return "{\"exact\":\"" + exact + "\"}";
                    });
  admin.start();
  const auto send = [&](Client& client, const std::string& target) {
    client.send("GET " + target + " HTTP/1.1\r\nConnection: close\r\n\r\n");
  };
  const auto ask = [&](const std::string& target) {
    Client client(admin.port());
    send(client, target);
    return client.receive_all();
  };
  EXPECT_NE(ask("/status").find(R"({"exact":""})"), std::string::npos);
  EXPECT_TRUE(ask("/status?exact=away").starts_with("HTTP/1.1 503"));
  EXPECT_TRUE(ask("/status?exact=nope").starts_with("HTTP/1.1 404"));
  EXPECT_TRUE(ask("/status?x=1").starts_with("HTTP/1.1 400"));
  Client slow(admin.port());
  send(slow, "/status?exact=slow");
  EXPECT_TRUE(ask("/readyz").starts_with("HTTP/1.1 200"));
  release.set_value();
  EXPECT_NE(slow.receive_all().find(R"({"exact":"slow"})"), std::string::npos);
}

TEST(Admin, ADaemonThatDoesNotIndexHasNoStatus) {
  AdminServer admin("127.0.0.1:0", [] { return Readiness{true, ""}; },
                    [] { return std::vector<prometheus::MetricFamily>(); });
  admin.start();
  Client client(admin.port());
  client.send("GET /status HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.receive_all().starts_with("HTTP/1.1 404"));
}

TEST(WorkerPool, RefusesWorkBeyondItsQueueAndDropsItAtTheEnd) {
  std::promise<void> started, release;
  auto gate = release.get_future();
  std::atomic<int> ran{0};
  WorkerPool<int> pool(1, 2, [] { return std::make_unique<int>(7); });
  ASSERT_TRUE(pool.try_run([&](int& tool) {
    started.set_value();
    gate.wait();
    ran += tool;
  }));
  started.get_future().wait();
  EXPECT_TRUE(pool.try_run([&](int&) { ++ran; }));
  EXPECT_TRUE(pool.try_run([&](int&) { ++ran; }));
  EXPECT_FALSE(pool.try_run([&](int&) { ++ran; }));
  std::thread stopper([&] { pool.stop(); });
  while (pool.try_run([](int&) {})) std::this_thread::yield();
  release.set_value();
  stopper.join();
  EXPECT_GE(ran, 7);
  EXPECT_FALSE(pool.try_run([](int&) {}));
}

}  // namespace
}  // namespace daas
