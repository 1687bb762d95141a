#include "serve/refusal.hpp"

#include <nlohmann/json.hpp>

namespace daas {

Refusal::Refusal(unsigned status, std::string code, std::string message, std::string details,
                 std::string hint)
    : error_{status, std::move(code), std::move(message), std::move(details), std::move(hint), {}} {
}

Refusal unavailable(std::string message, std::string details) {
  ApiError error{503, "PGRST000", std::move(message), std::move(details), {}, {}};
  error.headers.emplace_back("Retry-After", "1");
  return Refusal(std::move(error));
}

std::string error_body(const ApiError& error) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
  };
  nlohmann::ordered_json body;
  body["code"] = error.code;
  body["message"] = error.message;
  body["details"] = text_or_null(error.details);
  body["hint"] = text_or_null(error.hint);
  return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace daas
