#include "decode/outbox_reader.hpp"

#include <algorithm>
#include <utility>

#include "decode/record_bytes.hpp"

namespace daas {

using change_event::RecordType;
using decode::append_name;
using decode::append_value;
using decode::fail;

namespace {

/// What no image can tell is said as DDL does it (sql/capture.sql): rows changed, look at the table.
std::string rewrite_message(std::uint32_t oid) {
  return R"({"command":"a change of a very long value","event":"table_rewrite","objects":[{"type":"table","oid":)" +
         std::to_string(oid) + "}]}";
}

}  // namespace

void OutboxReader::begin(Lsn position) {
  position_ = position;
  // A table may have become a source, or none, without a word.
  known_.clear();
}

void OutboxReader::add(const Row& row) {
  if (xid_ != row.xid) {
    close();
    xid_ = row.xid;
    time_us_ = row.time_us;
  }
  switch (row.kind) {
    case 'D':
      if (row.images.size() != 1 || row.images[0].size() != 1) fail("a message in daas.outbox without a text");
      append_ddl(row.images[0][0].value_or(""));
      // Of what comes after it nobody knows the shape.
      known_.clear();
      break;
    case 'L':
      for (const auto& source : sources(row.relation)) append_ddl(rewrite_message(source.oid));
      break;
    case 'T':
      for (const auto& source : sources(row.relation)) {
        describe(source);
        std::string record;
        append_big_endian(record, source.oid);
        append(RecordType::kTruncate, record);
      }
      break;
    case 'C':
      for (const auto& source : sources(row.relation)) append_changes(row, source);
      break;
    default:
      fail("a row of the unknown kind '" + std::string(1, row.kind) + "' in daas.outbox");
  }
}

void OutboxReader::append_changes(const Row& row, const Source& source) {
  describe(source);
  std::string head;
  append_big_endian(head, source.oid);
  // Where each column's value is in an image; a column that is gone has none any more.
  std::vector<std::optional<std::size_t>> places;
  for (const auto& column : source.columns) {
    const auto found = std::find(row.columns.begin(), row.columns.end(), column.name);
    places.emplace_back();
    if (found != row.columns.end()) places.back() = static_cast<std::size_t>(found - row.columns.begin());
  }
  const auto append_image = [&](const std::vector<std::optional<std::string>>& values) {
    auto record = head;
    for (const auto& place : places) {
      if (!place || *place >= values.size()) {
        append_big_endian(record, std::uint8_t{change_event::kOmittedTag});
      } else {
        append_value(record, values[*place]);
      }
    }
    append(RecordType::kInsert, record);
  };
  for (const auto& values : row.images) append_image(values);
  if (row.images.empty()) append_image({});
}

void OutboxReader::describe(const Source& source) {
  const auto known = described_.find(source.oid);
  if (known != described_.end() && known->second == source) return;
  described_.insert_or_assign(source.oid, source);
  std::string record;
  append_big_endian(record, source.oid);
  record += static_cast<char>(change_event::IdentityCode::kFull);
  append_name(record, source.schema);
  append_name(record, source.name);
  append_big_endian(record, static_cast<std::uint16_t>(source.columns.size()));
  for (const auto& column : source.columns) {
    append_big_endian(record, std::uint8_t{change_event::kIdentityColumn});
    append_big_endian(record, column.type_oid);
    append_big_endian(record, column.typmod);
    append_name(record, column.name);
  }
  append(RecordType::kRelation, record);
}

const std::vector<OutboxReader::Source>& OutboxReader::sources(std::uint32_t relation) {
  const auto known = known_.find(relation);
  if (known != known_.end()) return known->second;
  return known_.emplace(relation, find_sources_(relation)).first->second;
}

void OutboxReader::append_ddl(std::string_view content) {
  std::string record;
  append_name(record, change_event::kDdlPrefix);
  append(RecordType::kMessage, record.append(content));
}

void OutboxReader::append(RecordType type, std::string_view body) {
  if (!std::exchange(begun_, true)) append_border(RecordType::kBegin);
  decode::append_record(gathered_, type, body);
  if (gathered_.size() >= change_event::kMessageBytes) ready_.push_back(std::exchange(gathered_, {}));
}

void OutboxReader::append_border(RecordType type) {
  std::string record;
  append_big_endian(record, *xid_);
  append_big_endian(record, position_);
  // Only the end of the scan says how far it is: all of its transactions have one position.
  append_big_endian(record, std::uint64_t{0});
  append_big_endian(record, time_us_);
  decode::append_record(gathered_, type, record);
}

void OutboxReader::close() {
  if (begun_) {
    append_border(RecordType::kCommit);
    ready_.push_back(std::exchange(gathered_, {}));
  }
  begun_ = false;
  xid_.reset();
}

std::optional<std::string> OutboxReader::next() {
  if (ready_.empty()) return std::nullopt;
  auto message = std::move(ready_.front());
  ready_.pop_front();
  return message;
}

}  // namespace daas
