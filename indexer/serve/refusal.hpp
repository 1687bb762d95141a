// A request that is answered with an error: what the client is told, as one value.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace daas {

/// The four members of an error body (docs/api.md) and its HTTP status. Never carries the name or a
/// value of a column outside the API.
struct ApiError {
  unsigned status = 500;
  std::string code;
  std::string message;
  std::string details;  ///< empty: null
  std::string hint;     ///< empty: null
  std::vector<std::pair<std::string, std::string>> headers;
};

/// Thrown by the stages of a request, caught where the response is made.
class Refusal : public std::exception {
 public:
  explicit Refusal(ApiError error) : error_(std::move(error)) {}
  Refusal(unsigned status, std::string code, std::string message, std::string details = {},
          std::string hint = {});

  const char* what() const noexcept override { return error_.message.c_str(); }
  const ApiError& error() const { return error_; }

 private:
  ApiError error_;
};

/// 503 with Retry-After: clients of this dialect try again by themselves.
Refusal unavailable(std::string message, std::string details = {});

/// Names for a message: "a, b, c", or "nothing".
template <typename Names>
std::string listed(const Names& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text.empty() ? "nothing" : text;
}

/// {"code":…,"message":…,"details":…,"hint":…}: always an object, since clients take an array or
/// an empty body of a 404 for success. Bytes that are not UTF-8 are replaced.
std::string error_body(const ApiError& error);

}  // namespace daas
