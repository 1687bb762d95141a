#include "serve/cursor_seal.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "core/error.hpp"
#include "serve/base64.hpp"
#include "serve/token.hpp"

namespace daas {
namespace {

constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;
constexpr const char* kMark = "cursorMark";

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// What the cursor belongs to: of the plan all that says which rows, in which order, and to whom.
std::string binding(const ReadPlan& plan) {
  constexpr std::string_view kOther[] = {"start", "rows", "fl", "json.facet", "wt", "timeAllowed", kMark};
  std::string text = plan.api + '\0' + plan.model;
  for (const auto& [name, value] : plan.solr.parameters) {
    if (std::find(std::begin(kOther), std::end(kOther), name) != std::end(kOther)) continue;
    text += '\0';
    text += std::to_string(name.size()) + ":" + name + std::to_string(value.size()) + ":" + value;
  }
  return text;
}

[[noreturn]] void fail() { throw Error(Remedy::kStop, "OpenSSL could not seal a cursor"); }

}  // namespace

// Not the tokens' own key: what is made for one purpose must never pass for the other.
CursorSeal::CursorSeal(std::string_view secret) : key_(hmac_sha256(secret, "daas cursor")) {}

std::string CursorSeal::seal(const ReadPlan& plan, std::string_view next_mark) const {
  const auto& parameters = plan.solr.parameters;
  const auto sent = std::find_if(parameters.begin(), parameters.end(),
                                 [](const auto& parameter) { return parameter.first == kMark; });
  if (next_mark.empty() || sent == parameters.end() || sent->second == next_mark) return {};
  std::string sealed(kNonce, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(sealed.data()), kNonce) != 1) fail();
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const auto bound = binding(plan);
  std::string encrypted(next_mark.size(), '\0');
  unsigned char tag[kTag];
  int size = 0;
  if (!context || EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes(key_), bytes(sealed)) != 1 ||
      EVP_EncryptUpdate(context.get(), nullptr, &size, bytes(bound), static_cast<int>(bound.size())) != 1 ||
      EVP_EncryptUpdate(context.get(), reinterpret_cast<unsigned char*>(encrypted.data()), &size, bytes(next_mark),
                        static_cast<int>(next_mark.size())) != 1 ||
      EVP_EncryptFinal_ex(context.get(), tag, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTag, tag) != 1) {
    fail();
  }
  sealed += encrypted;
  sealed.append(reinterpret_cast<const char*>(tag), kTag);
  return base64_encode(sealed, Base64Alphabet::kUrl);
}

void CursorSeal::open(ReadPlan& plan, std::string_view cursor) const {
  if (cursor.empty()) {
    plan.solr.parameters.emplace_back(kMark, "*");
    return;
  }
  const Refusal none(400, "22023", "the cursor is none of this request",
                     "it belongs to an API, its filters, order and scope, and to the key of the servers",
                     "begin with an empty _cursor= and pass on what Daas-Cursor gives, everything else unchanged");
  const auto sealed = base64_decode(cursor, Base64Alphabet::kUrl);
  if (!sealed || sealed->size() <= kNonce + kTag) throw none;
  const std::string_view whole = *sealed;
  const auto encrypted = whole.substr(kNonce, whole.size() - kNonce - kTag);
  std::string tag(whole.substr(whole.size() - kTag));
  const auto bound = binding(plan);
  std::string mark(encrypted.size(), '\0');
  int size = 0;
  const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  if (!context || EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes(key_), bytes(whole)) != 1 ||
      EVP_DecryptUpdate(context.get(), nullptr, &size, bytes(bound), static_cast<int>(bound.size())) != 1 ||
      EVP_DecryptUpdate(context.get(), reinterpret_cast<unsigned char*>(mark.data()), &size, bytes(encrypted),
                        static_cast<int>(encrypted.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTag, tag.data()) != 1) {
    fail();
  }
  unsigned char rest[kTag];
  if (EVP_DecryptFinal_ex(context.get(), rest, &size) != 1) throw none;
  plan.solr.parameters.emplace_back(kMark, std::move(mark));
}

}  // namespace daas
