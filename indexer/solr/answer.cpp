#include "solr/answer.hpp"

#include <nlohmann/json.hpp>

namespace daas {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestMessage = 1000;

/// A member's string, or "" when there is none: answers come from outside and may be anything.
std::string text_of(const json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

/// Some messages quote the whole value.
std::string cut(std::string message) {
  if (message.size() > kLongestMessage) message.resize(kLongestMessage);
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return message;
}

}  // namespace

std::string solr_message(const HttpResponse& response) {
  const json body = json::parse(response.body, nullptr, false);
  std::string message;
  if (body.is_object() && body.contains("error")) {
    const json& error = body["error"];
    message = text_of(error, "msg");
    // A bug in Solr has a trace and no message.
    if (message.empty()) message = text_of(error, "trace");
  }
  if (message.empty()) message = response.body;
  return cut(std::move(message));
}

Error solr_error(const HttpResponse& response, std::string_view action) {
  const std::string answered =
      "Solr answered " + std::to_string(response.status) + " to the " + std::string(action);
  std::string hint;
  if (response.status == 401 || response.status == 403) {
    hint = "check the credentials in --solr-auth-file and their permissions in Solr";
  } else if (response.status == 404) {
    hint = "Solr is starting, or the collection was deleted: SELECT daas.reload_model(...) makes a "
           "new one";
  }
  Error error(remedy_of_http_status(response.status), answered + ": " + solr_message(response), hint);
  // A refusal and a failed analysis quote the document.
  const bool quotes = response.status == 400 || response.status == 500 ||
                      (response.status >= 413 && response.status <= 415);
  if (quotes) error.set_log_text(answered + "; its words may quote values and are not logged");
  return error;
}

UpdateAnswer read_update_answer(std::string_view body) {
  const json answer = json::parse(body, nullptr, false);
  if (!answer.is_object() || !answer.contains("responseHeader") ||
      !answer["responseHeader"].is_object()) {
    Error error(Remedy::kRetry,
                "Solr's answer to an update is not one: " + std::string(body.substr(0, 200)));
    error.set_log_text("Solr's answer to an update is not one");
    throw error;
  }
  UpdateAnswer read;
  const json& header = answer["responseHeader"];
  if (const auto errors = header.find("errors"); errors != header.end() && errors->is_array()) {
    for (const json& error : *errors) {
      if (const std::string type = text_of(error, "type"); type != "ADD") {
        throw Error(Remedy::kStop,
                    "Solr refused a command of type '" + type + "': " + text_of(error, "message"));
      }
      read.refused.push_back({text_of(error, "id"), cut(text_of(error, "message")), 0, {}});
    }
  }
  // ["id",version,"id",version,…]
  if (const auto adds = answer.find("adds"); adds != answer.end() && adds->is_array()) {
    for (std::size_t at = 0; at + 1 < adds->size(); at += 2) {
      const json& id = (*adds)[at];
      if (id.is_string() && (*adds)[at + 1] == 0) read.forwarded.push_back(id.get<std::string>());
    }
  }
  return read;
}

}  // namespace daas
