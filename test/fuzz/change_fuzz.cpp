// Row changes of any shape and content are documents or an Error, and documents are JSON: the input
// chooses a table, a model over it and the values; the real decoder, reader and writer do the rest.
#include <fuzzer/FuzzedDataProvider.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/utf8.hpp"
#include "decode/event_bytes.hpp"
#include "decode/stream_decoder.hpp"
#include "document/document_writer.hpp"
#include "pipeline/change_reader.hpp"

namespace {

using namespace daas;
using namespace daas::test;

struct FuzzedColumn {
  std::uint32_t oid;
  const char* type;
  int width;  ///< of native values; -1: any, 0: comes as text
};

constexpr FuzzedColumn kColumns[] = {
    {16, "boolean", 1},   {21, "smallint", 2},  {23, "integer", 4},
    {20, "bigint", 8},    {700, "real", 4},     {701, "double precision", 8},
    {25, "text", -1},     {2950, "uuid", 16},   {1082, "date", 4},
    {1114, "timestamp without time zone", 8},   {1184, "timestamp with time zone", 8},
    {1700, "numeric", 0}, {17, "bytea", 0},     {869, "inet", 0},
    {829, "macaddr", 0},  {1186, "interval", 0}, {1083, "time without time zone", 0},
    {1560, "bit", 0},     {26, "oid", 0},       {1042, "character", 0},
    {3802, "jsonb", 0},   {114, "json", 0},     {1043, "character varying", -1},
};

std::string image(FuzzedDataProvider& input, const std::vector<FuzzedColumn>& columns) {
  std::string bytes;
  for (const auto& column : columns) {
    switch (input.ConsumeIntegralInRange(0, 15)) {
      case 0:
        bytes += kNullByte;
        break;
      case 1:
        bytes += kUnchangedByte;
        break;
      case 2:
        bytes += kOmittedByte;
        break;
      default:
        if (column.width > 0) {
          auto value = input.ConsumeBytesAsString(static_cast<std::size_t>(column.width));
          value.resize(static_cast<std::size_t>(column.width));
          bytes += test::value(value);
        } else {
          // PostgreSQL gives well-formed text only, and a json is JSON.
          auto text = valid_utf8(input.ConsumeRandomLengthString(300));
          const bool json = column.oid == 3802 || column.oid == 114;
          if (json && !nlohmann::json::accept(text)) text = "{}";
          bytes += test::value(text);
        }
    }
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzedDataProvider input(data, size);
  std::vector<FuzzedColumn> columns;
  std::vector<ColumnBytes> described;
  Model model;
  model.name = "fuzzed";
  model.projection = input.ConsumeBool();
  model.sources = {{kTable, "public.f"}};
  model.deltas = {{kTable, Model::Delta::Mode::kKey, {}}, {kTable, Model::Delta::Mode::kQuery, {}}};
  const auto count = input.ConsumeIntegralInRange<std::size_t>(1, 6);
  const bool full = input.ConsumeBool();
  for (std::size_t i = 0; i < count; ++i) {
    const auto& column = input.PickValueInArray(kColumns);
    const bool key = i == 0 || input.ConsumeIntegralInRange(0, 3) == 0;
    columns.push_back(column);
    const auto name = "c" + std::to_string(i);
    const int flags = (key || full ? 1 : 0) | (column.width != 0 ? 2 : 0);
    described.push_back({static_cast<std::uint8_t>(flags), column.oid, name});
    model.columns.push_back({name, value_type_of(column.oid), name, column.type});
    if (!key) continue;
    model.key.push_back(i);
    model.deltas[0].columns.push_back(name);
    model.deltas[1].columns.insert(model.deltas[1].columns.begin(), name);
  }
  std::string changes;
  while (input.remaining_bytes() > 0) {
    const auto old_image = input.ConsumeBool() ? image(input, columns) : std::string();
    switch (input.ConsumeIntegralInRange(0, 3)) {
      case 0:
        changes += erase(kTable, old_image);
        break;
      case 1:
        changes += update(kTable, old_image, image(input, columns));
        break;
      default:
        changes += insert(kTable, image(input, columns));
    }
  }
  try {
    StreamDecoder decoder;
    const auto commits =
        decoder.feed(begin() + relation(kTable, full ? 'f' : 'k', described) + changes + commit());
    ChangeReader reader(model);
    ChangeReader::Outcomes outcomes;
    std::vector<DeltaImages> images(model.deltas.size());
    reader.read(commits.at(0).changes, outcomes, images);
    for (const auto& each : images) {
      for (const auto& parameter : each.parameters()) {
        if (!parameter->starts_with('{') || !parameter->ends_with('}')) std::abort();
      }
    }
    DocumentWriter writer(model.columns, model.key);
    for (const auto& [id, outcome] : outcomes) {
      std::string body;
      if (outcome.kind == Outcome::Kind::kRow) {
        writer.append(body, id, reader.row(outcome), 7);
      } else {
        DocumentWriter::append_tombstone(body, id, 7);
      }
      const auto document = nlohmann::json::parse(body);
      if (document.at("id").get<std::string>() != id) std::abort();
      if (outcome.kind == Outcome::Kind::kRow &&
          nlohmann::json::parse(document.at("_doc_").get<std::string>()).size() != columns.size()) {
        std::abort();
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
