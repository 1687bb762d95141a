#include "serve/tls_files.hpp"

#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "core/error.hpp"

namespace daas {

namespace ssl = boost::asio::ssl;

TlsFiles::TlsFiles(std::string cert, std::string key)
    : cert_(std::move(cert)), key_(std::move(key)), seen_(changed()), context_(read()) {}

std::pair<TlsFiles::Time, TlsFiles::Time> TlsFiles::changed() const {
  std::error_code ignored;
  return {std::filesystem::last_write_time(cert_, ignored), std::filesystem::last_write_time(key_, ignored)};
}

std::shared_ptr<ssl::context> TlsFiles::read() const {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  // RFC 9325: TLS 1.2 and later; compression and renegotiation are off.
  context->set_options(ssl::context::default_workarounds | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 |
                       ssl::context::no_compression | SSL_OP_NO_RENEGOTIATION);
  const auto use = [](const std::string& path, const std::string& what, auto&& load) {
    boost::system::error_code error;
    load(error);
    if (error) throw Error(Remedy::kStop, "can't use " + path + " as " + what + ": " + error.message());
  };
  use(cert_, "the TLS certificate", [&](auto& error) { context->use_certificate_chain_file(cert_, error); });
  use(key_, "the key of the TLS certificate " + cert_, [&](auto& error) { context->use_private_key_file(key_, ssl::context::pem, error); });
  return context;
}

std::shared_ptr<ssl::context> TlsFiles::context() {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (now < next_look_) return context_;
  next_look_ = now + std::chrono::seconds(1);
  const auto last = changed();
  if (last == seen_) return context_;
  seen_ = last;
  try {
    context_ = read();
    spdlog::info("serve: new TLS certificate from {}", cert_);
  } catch (const Error& error) {
    // Half of a renewal: the other file follows, and is seen by its time.
    spdlog::warn("serve: the last TLS certificate stays in use: {}", error.log_text());
  }
  return context_;
}

}  // namespace daas
