// Any request target and headers are a plan or a Refusal; no byte of a value gets into Solr's query grammar, and no
// parameter into Solr but those that there are.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>

#include "fuzzed_api.hpp"
#include "serve/plan.hpp"
#include "serve/read_headers.hpp"

namespace {

using namespace daas;

const Api& api() {
  static const Api one = fuzzed_api();
  return one;
}

bool starts_with_number(const std::string& name, char letter) {
  return name.size() > 1 && name[0] == letter && name.find_first_not_of("0123456789", 1) == std::string::npos;
}

void check(const ReadPlan& plan) {
  constexpr std::string_view kKnown[] = {"q", "all", "dead", "ssep", "scope0", "sort", "start", "rows", "cursorMark", "fl", "json.facet", "terms", "wt", "timeAllowed",
                                         "hl", "hl.method", "hl.fl", "hl.q", "hl.requireFieldMatch", "hl.snippets", "hl.fragsize", "hl.encoder", "hl.tag.pre", "hl.tag.post"};
  constexpr std::string_view kFacets = "abcdefghijklmnopqrstuvwxyz0123456789_{}[]:,\"*TO +-.()";
  int filters = 0;
  for (const auto& [name, value] : plan.solr.parameters) {
    if (starts_with_number(name, 'v')) continue;  // a user's value
    const bool query = starts_with_number(name, 'f') || name == "q" || name == "sort" || name == "fq" || name == "hl.q" || name == "hl.fl";
    filters += name == "fq";
    if (!query && std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) std::abort();
    // Of facets numbers and generated names; JSON that is none would have been cut short by a quote.
    if (name == "json.facet" && (nlohmann::json::parse(value, nullptr, false).is_discarded() || value.find_first_not_of(kFacets) != std::string::npos)) std::abort();
    if (!query) continue;
    // Names are ASCII here, and values of the fuzzer's that are not would show.
    constexpr std::string_view kGrammar = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_{}!=$:*.\"-+ []()";
    if (value.find_first_not_of(name == "sort" ? "abcdefghijklmnopqrstuvwxyz_(), " : kGrammar) != std::string::npos) std::abort();
  }
  if (filters != 1) std::abort();  // the scope's, and no other
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  const ReadHeaders headers{input.ConsumeRandomLengthString(60), input.ConsumeRandomLengthString(60), "",
                            input.ConsumeRandomLengthString(30), input.ConsumeRandomLengthString(30)};
  const auto target = "/t?" + input.ConsumeRemainingBytesAsString();
  try {
    const auto request = parse_read(parse_target(target), headers, "t", api().filters, api().fields);
    check(plan_read(request, api(), {{"claim", "x"}}, std::chrono::milliseconds(1000)));
  } catch (const Refusal&) {
  }
  return 0;
}
