#include "decode/pgoutput_reader.hpp"

#include <algorithm>
#include <utility>

#include "decode/record_bytes.hpp"

namespace daas {

using change_event::RecordType;
using decode::append_name;
using decode::append_value;
using decode::ByteReader;
using decode::fail;

namespace {

constexpr std::uint64_t kXids = 1ULL << 32;
constexpr std::uint8_t kTransactional = 1;
constexpr std::uint8_t kPartOfIdentity = 1;

std::string_view c_string(ByteReader& body, const char* what) {
  const auto end = body.rest().find('\0');
  if (end == std::string_view::npos) decode::fail_truncated(what);
  const auto text = body.take(end, what);
  body.take(1, what);
  return text;
}

/// A tuple as an image: what it has, and of a key's tuple what belongs to the key, since it shows NULL for all else.
std::string image(ByteReader& body, const std::vector<bool>& identity, bool key_only) {
  const auto count = body.integer<std::uint16_t>("a number of values");
  if (count != identity.size()) {
    fail("a row of " + std::to_string(count) + " values of a table with " + std::to_string(identity.size()) + " columns");
  }
  std::string image;
  for (std::size_t i = 0; i < count; ++i) {
    const char kind = body.integer<char>("a value's kind");
    std::string_view bytes;
    if (kind == 't') bytes = body.take(body.integer<std::uint32_t>("a value's length"), "a value");
    if (key_only && !identity[i]) {
      append_big_endian(image, std::uint8_t{change_event::kOmittedTag});
    } else if (kind == 't') {
      append_value(image, bytes);
    } else if (kind == 'n') {
      append_value(image, std::nullopt);
    } else if (kind == 'u') {
      append_big_endian(image, std::uint8_t{change_event::kUnchangedTag});
    } else {
      fail("a value of the unknown kind " + std::to_string(static_cast<unsigned char>(kind)));
    }
  }
  return image;
}

}  // namespace

std::string PgoutputReader::feed(std::string_view message) {
  ByteReader body(message);
  const char type = body.integer<char>("a message's type");
  switch (type) {
    case 'B': begin(body); break;
    case 'C': commit(body); break;
    case 'R': relation(body); break;
    case 'I': insert(body); break;
    case 'U': update(body); break;
    case 'D': erase(body); break;
    case 'T': truncate(body); break;
    case 'M': message_of(body); break;
    case 'O':  // where a transaction came from
    case 'Y':  // a type's name
      return {};
    default:
      fail("pgoutput sent a message of the unknown type " + std::to_string(static_cast<unsigned char>(type)));
  }
  if (!body.at_end()) {
    fail("a message of pgoutput of type '" + std::string(1, type) + "' is " + std::to_string(body.rest().size()) + " bytes too long");
  }
  const bool ready = !open_ || gathered_.size() >= change_event::kMessageBytes;
  return ready ? std::exchange(gathered_, {}) : std::string();
}

void PgoutputReader::begin(ByteReader& body) {
  if (open_) fail("a transaction begins within another");
  const auto lsn = body.integer<std::uint64_t>("a commit position");
  const auto time = body.integer<std::int64_t>("a commit time");
  xid_ = full_xid(body.integer<std::uint32_t>("a transaction id"));
  open_ = true;
  begun_ = false;
  begin_.clear();
  append_big_endian(begin_, xid_);
  append_big_endian(begin_, lsn);
  append_big_endian(begin_, std::uint64_t{0});  // which the commit tells
  append_big_endian(begin_, time);
}

void PgoutputReader::commit(ByteReader& body) {
  if (!open_) fail("a commit outside of transactions");
  body.integer<std::uint8_t>("a commit's flags");
  std::string record;
  append_big_endian(record, xid_);
  append_big_endian(record, body.integer<std::uint64_t>("a commit position"));
  append_big_endian(record, body.integer<std::uint64_t>("an end position"));
  append_big_endian(record, body.integer<std::int64_t>("a commit time"));
  if (begun_) append(RecordType::kCommit, record);
  open_ = false;
}

void PgoutputReader::relation(ByteReader& body) {
  const auto oid = body.integer<std::uint32_t>("a table's oid");
  const auto schema = c_string(body, "a schema's name");
  const auto name = c_string(body, "a table's name");
  const char kind = body.integer<char>("a replica identity");
  const auto count = body.integer<std::uint16_t>("a number of columns");
  Table table;
  std::string columns;
  for (int i = 0; i < count; ++i) {
    const bool identity = (body.integer<std::uint8_t>("a column's flags") & kPartOfIdentity) != 0;
    const auto column = c_string(body, "a column's name");
    table.identity.push_back(identity);
    append_big_endian(columns, static_cast<std::uint8_t>(identity ? change_event::kIdentityColumn : 0));
    append_big_endian(columns, body.integer<std::uint32_t>("a column's type"));
    append_big_endian(columns, body.integer<std::int32_t>("a column's typmod"));
    append_name(columns, column);
  }
  // Of a default identity without a primary key, and of an index that is gone, no column is marked.
  const bool any = std::find(table.identity.begin(), table.identity.end(), true) != table.identity.end();
  const auto identity = kind == 'f' ? change_event::IdentityCode::kFull
                        : any       ? change_event::IdentityCode::kKey
                                    : change_event::IdentityCode::kNothing;
  std::string record;
  append_big_endian(record, oid);
  record += static_cast<char>(identity);
  append_name(record, schema);
  append_name(record, name);
  append_big_endian(record, count);
  append(RecordType::kRelation, record + columns);
  tables_[oid] = std::move(table);
}

void PgoutputReader::insert(ByteReader& body) {
  const auto oid = body.integer<std::uint32_t>("a table's oid");
  if (body.integer<char>("a row's kind") != 'N') fail("an INSERT without a new row");
  std::string record;
  append_big_endian(record, oid);
  append(RecordType::kInsert, record + image(body, table(oid).identity, false));
}

void PgoutputReader::update(ByteReader& body) {
  const auto oid = body.integer<std::uint32_t>("a table's oid");
  const auto& identity = table(oid).identity;
  char kind = body.integer<char>("a row's kind");
  std::string old;
  if (kind == 'K' || kind == 'O') {
    old = image(body, identity, kind == 'K');
    kind = body.integer<char>("a row's kind");
  }
  if (kind != 'N') fail("an UPDATE without a new row");
  std::string record;
  append_big_endian(record, oid);
  append_big_endian(record, static_cast<std::uint32_t>(old.size()));
  append(RecordType::kUpdate, record + old + image(body, identity, false));
}

void PgoutputReader::erase(ByteReader& body) {
  const auto oid = body.integer<std::uint32_t>("a table's oid");
  const char kind = body.integer<char>("a row's kind");
  if (kind != 'K' && kind != 'O') fail("a DELETE without an old row");
  std::string record;
  append_big_endian(record, oid);
  append(RecordType::kDelete, record + image(body, table(oid).identity, kind == 'K'));
}

void PgoutputReader::truncate(ByteReader& body) {
  const auto count = body.integer<std::uint32_t>("a number of tables");
  body.integer<std::uint8_t>("a TRUNCATE's options");
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string record;
    append_big_endian(record, body.integer<std::uint32_t>("a table's oid"));
    append(RecordType::kTruncate, record);
  }
}

void PgoutputReader::message_of(ByteReader& body) {
  const bool transactional = (body.integer<std::uint8_t>("a message's flags") & kTransactional) != 0;
  body.integer<std::uint64_t>("a message's position");
  const auto prefix = c_string(body, "a message's prefix");
  const auto content = body.take(body.integer<std::uint32_t>("a message's length"), "a message's content");
  if (!transactional || !prefix.starts_with(change_event::kMessagePrefix)) return;
  if (prefix.size() > change_event::kLongestPrefix || content.size() > change_event::kMessageBytes) return;
  std::string record;
  append_name(record, prefix);
  append(RecordType::kMessage, record.append(content));
}

const PgoutputReader::Table& PgoutputReader::table(std::uint32_t oid) const {
  const auto found = tables_.find(oid);
  if (found == tables_.end()) fail("a change of table " + std::to_string(oid) + ", which was never described");
  return found->second;
}

std::uint64_t PgoutputReader::full_xid(std::uint32_t xid) {
  // The one of its 32 bits that is nearest: no two that are in use at a time are further apart.
  auto full = near_xid_ / kXids * kXids + xid;
  if (full > near_xid_ + kXids / 2 && full >= kXids) full -= kXids;
  if (full + kXids / 2 < near_xid_) full += kXids;
  near_xid_ = std::max(near_xid_, full);
  return full;
}

void PgoutputReader::append(RecordType type, std::string_view body) {
  if (!open_) fail("pgoutput sent a change outside of transactions");
  if (!std::exchange(begun_, true)) decode::append_record(gathered_, RecordType::kBegin, begin_);
  decode::append_record(gathered_, type, body);
}

}  // namespace daas
