// The fastest thing that could fill a Solr collection: sends bodies that were encoded beforehand over
// kept-alive connections, and does nothing else. What bench/load.py and bench/stream.py measure the
// daemon against.
//
//   plain-loader UPDATE_URL COMMIT_PARAMETERS CONNECTIONS BODIES_FILE
//
// BODIES_FILE has one JSON array of documents a line; it is read before the clock starts. Prints the
// seconds from the first byte sent to the answer of the commit.
#include <curl/curl.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* target) {
  static_cast<std::string*>(target)->append(bytes, size * count);
  return size * count;
}

class Connection {
 public:
  Connection() : curl_(curl_easy_init(), &curl_easy_cleanup) {
    headers_.reset(curl_slist_append(headers_.release(), "Content-Type: application/json"));
    headers_.reset(curl_slist_append(headers_.release(), "Expect:"));
    curl_easy_setopt(curl_.get(), CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl_.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_.get(), CURLOPT_HTTPHEADER, headers_.get());
    curl_easy_setopt(curl_.get(), CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(curl_.get(), CURLOPT_POST, 1L);
  }

  void post(const std::string& url, std::string_view body) {
    std::string answer;
    curl_easy_setopt(curl_.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl_.get(), CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl_.get(), CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl_.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    if (const auto code = curl_easy_perform(curl_.get()); code != CURLE_OK) {
      throw std::runtime_error(url + ": " + curl_easy_strerror(code));
    }
    long status = 0;
    curl_easy_getinfo(curl_.get(), CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) throw std::runtime_error(url + ": " + std::to_string(status) + " " + answer);
  }

 private:
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl_;
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers_{nullptr, &curl_slist_free_all};
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

double load(const std::string& update_url, const std::string& commit, std::size_t connections,
            const std::vector<std::string_view>& bodies) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < connections; ++i) {
    threads.emplace_back([&] {
      try {
        Connection connection;
        for (auto at = next++; at < bodies.size() && !failed; at = next++) {
          connection.post(update_url, bodies[at]);
        }
      } catch (const std::exception& error) {
        failed = true;
        std::cerr << "plain-loader: " << error.what() << '\n';
      }
    });
  }
  for (auto& thread : threads) thread.join();
  if (failed) std::exit(1);
  Connection().post(update_url + "&" + commit, "[]");
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: plain-loader UPDATE_URL COMMIT_PARAMETERS CONNECTIONS BODIES_FILE\n";
    return 2;
  }
  try {
    std::ifstream file(argv[4], std::ios::binary);
    if (!file) throw std::runtime_error(std::string("cannot read ") + argv[4]);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    curl_global_init(CURL_GLOBAL_DEFAULT);
    std::cout << load(argv[1], argv[2], std::stoul(argv[3]), lines_of(text)) << '\n';
  } catch (const std::exception& error) {
    std::cerr << "plain-loader: " << error.what() << '\n';
    return 1;
  }
}
