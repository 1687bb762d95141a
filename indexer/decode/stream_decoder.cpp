#include "decode/stream_decoder.hpp"

#include <algorithm>
#include <utility>

#include "core/change_event.hpp"
#include "core/value_type.hpp"
#include "decode/byte_reader.hpp"
#include "decode/image.hpp"

namespace daas {

using change_event::RecordType;
using decode::ByteReader;
using decode::fail;

namespace {

constexpr int kAnyWidth = -1;
constexpr int kNoNativeForm = -2;

/// Bytes of a type's native values.
int native_width(std::uint32_t type_oid) {
  switch (value_type_of(type_oid)) {
    case ValueType::kBoolean:
      return 1;
    case ValueType::kInt2:
      return 2;
    case ValueType::kInt4:
    case ValueType::kFloat4:
    case ValueType::kDate:
      return 4;
    case ValueType::kInt8:
    case ValueType::kFloat8:
    case ValueType::kTimestamp:
    case ValueType::kTimestampTz:
      return 8;
    case ValueType::kUuid:
      return 16;
    case ValueType::kText:
      return kAnyWidth;
    default:
      return kNoNativeForm;
  }
}

ReplicaIdentity identity_of(char code) {
  switch (static_cast<change_event::IdentityCode>(code)) {
    case change_event::IdentityCode::kNothing:
      return ReplicaIdentity::kNothing;
    case change_event::IdentityCode::kKey:
      return ReplicaIdentity::kKey;
    case change_event::IdentityCode::kFull:
      return ReplicaIdentity::kFull;
  }
  fail("unknown replica identity " + std::to_string(static_cast<unsigned char>(code)));
}

std::size_t bytes_of(const std::string& buffer) { return buffer.capacity() + sizeof buffer; }

struct TransactionFields {
  std::uint64_t xid;
  Lsn lsn;
  Lsn end_lsn;
  std::int64_t time_us;
};

TransactionFields read_transaction(ByteReader& body) {
  TransactionFields fields = {};
  fields.xid = body.integer<std::uint64_t>("a transaction id");
  fields.lsn = body.integer<std::uint64_t>("a commit position");
  fields.end_lsn = body.integer<std::uint64_t>("an end position");
  fields.time_us = body.integer<std::int64_t>("a commit time");
  return fields;
}

Relation::Column read_column(ByteReader& body) {
  Relation::Column column;
  const auto flags = body.integer<std::uint8_t>("a column's flags");
  column.identity = (flags & change_event::kIdentityColumn) != 0;
  column.native = (flags & change_event::kNativeColumn) != 0;
  column.type_oid = body.integer<std::uint32_t>("a column's type");
  column.typmod = body.integer<std::int32_t>("a column's typmod");
  column.name = body.string("a column's name");
  return column;
}

}  // namespace

std::vector<Commit> StreamDecoder::feed(std::string message) {
  std::vector<Commit> done;
  auto buffer = std::make_unique<const std::string>(std::move(message));
  ByteReader reader(*buffer);
  while (!reader.at_end()) {
    const char type = reader.integer<char>("a record's type");
    const auto length = reader.integer<std::uint32_t>("a record's length");
    const std::string_view body = reader.take(length, "a record");
    if (!done.empty()) fail("a record after the commit in one message");
    read_record(type, body, done);
  }
  Commit* holder = !done.empty() ? &done.back() : open_.has_value() ? &*open_ : nullptr;
  if (holder != nullptr) {
    holder->bytes += bytes_of(*buffer);
    holder->buffers.push_back(std::move(buffer));
  }
  return done;
}

ChangePart StreamDecoder::take_part() {
  ChangePart part;
  if (!open_) return part;
  part.changes.swap(open_->changes);
  part.buffers.swap(open_->buffers);
  part.relations = open_->relations;
  for (const auto& buffer : part.buffers) open_->bytes -= bytes_of(*buffer);
  open_->bytes -= part.changes.size() * sizeof(Change);
  return part;
}

StreamDecoder StreamDecoder::at_begin() const {
  StreamDecoder decoder;
  // The first shape that the transaction used is the one that it found, or one that it described
  // before the first change of it, and will describe again.
  if (open_) {
    for (const auto& relation : open_->relations) {
      decoder.relations_.try_emplace(relation->oid, describe(relation));
    }
  }
  for (const auto& [oid, known] : relations_) {
    decoder.relations_.try_emplace(oid, describe(known.relation));
  }
  return decoder;
}

void StreamDecoder::reset() {
  relations_.clear();
  open_.reset();
}

void StreamDecoder::read_record(char type, std::string_view bytes, std::vector<Commit>& done) {
  const auto record = static_cast<RecordType>(type);
  ByteReader body(bytes);
  if (!open_ && record != RecordType::kBegin) fail("a record outside of transactions");
  switch (record) {
    case RecordType::kBegin:
      begin(body);
      break;
    case RecordType::kCommit:
      commit(body, done);
      break;
    case RecordType::kRelation:
      relation(body);
      break;
    case RecordType::kInsert:
      change(ChangeKind::kInsert, body);
      break;
    case RecordType::kUpdate:
      change(ChangeKind::kUpdate, body);
      break;
    case RecordType::kDelete:
      change(ChangeKind::kDelete, body);
      break;
    case RecordType::kTruncate:
      change(ChangeKind::kTruncate, body);
      break;
    case RecordType::kMessage:
      message(body);
      break;
    default:
      fail("unknown record type " + std::to_string(static_cast<unsigned char>(type)));
  }
  if (!body.at_end()) {
    fail("a record of type '" + std::string(1, type) + "' is " +
         std::to_string(body.rest().size()) + " bytes too long");
  }
}

void StreamDecoder::begin(ByteReader& body) {
  if (open_) fail("a transaction begins within another");
  const TransactionFields fields = read_transaction(body);
  open_.emplace();
  open_->xid = fields.xid;
  open_->lsn = fields.lsn;
  open_->end_lsn = fields.end_lsn;
  open_->time_us = fields.time_us;
  open_->bytes = sizeof(Commit);
  ++transaction_;
}

void StreamDecoder::commit(ByteReader& body, std::vector<Commit>& done) {
  const TransactionFields fields = read_transaction(body);
  if (open_->end_lsn == 0) open_->end_lsn = fields.end_lsn;  // not known when it began
  if (fields.xid != open_->xid || fields.lsn != open_->lsn || fields.end_lsn != open_->end_lsn ||
      fields.time_us != open_->time_us) {
    fail("a commit record of another transaction (" + std::to_string(fields.xid) +
         ") than the one begun (" + std::to_string(open_->xid) + ")");
  }
  done.push_back(std::move(*open_));
  open_.reset();
}

void StreamDecoder::relation(ByteReader& body) {
  auto relation = std::make_shared<Relation>();
  relation->oid = body.integer<std::uint32_t>("a table's oid");
  relation->identity = identity_of(body.integer<char>("a replica identity"));
  relation->schema = body.string("a schema's name");
  relation->name = body.string("a table's name");
  const auto count = body.integer<std::uint16_t>("a number of columns");
  constexpr std::size_t kSmallestColumn = 11;
  if (count > body.rest().size() / kSmallestColumn) decode::fail_truncated("a table's columns");

  relation->columns.reserve(count);
  for (int i = 0; i < count; ++i) relation->columns.push_back(read_column(body));
  const auto oid = relation->oid;
  relations_[oid] = describe(std::move(relation));
}

StreamDecoder::KnownRelation StreamDecoder::describe(std::shared_ptr<const Relation> relation) {
  KnownRelation known;
  known.widths.reserve(relation->columns.size());
  for (const auto& column : relation->columns) {
    const int width = column.native ? native_width(column.type_oid) : kAnyWidth;
    if (width == kNoNativeForm) {
      fail("column \"" + column.name + "\" of type " + std::to_string(column.type_oid) +
           " can't be native");
    }
    known.widths.push_back(width);
  }
  known.relation = std::move(relation);
  return known;
}

StreamDecoder::KnownRelation& StreamDecoder::known(std::uint32_t oid) {
  const auto found = relations_.find(oid);
  if (found == relations_.end()) {
    fail("a change of table " + std::to_string(oid) + ", which was never described");
  }
  KnownRelation& relation = found->second;
  if (relation.held_in != transaction_) {
    open_->relations.push_back(relation.relation);
    open_->bytes += sizeof relation.relation;
    relation.held_in = transaction_;
  }
  return relation;
}

void StreamDecoder::change(ChangeKind kind, ByteReader& body) {
  const KnownRelation& relation = known(body.integer<std::uint32_t>("a table's oid"));
  Change change;
  change.kind = kind;
  change.relation = relation.relation.get();
  if (kind == ChangeKind::kUpdate) {
    const auto old_length = body.integer<std::uint32_t>("an old image's length");
    change.old_image = body.take(old_length, "an old image");
  } else if (kind == ChangeKind::kDelete) {
    change.old_image = body.take(body.rest().size(), "an old image");
  }
  if (kind == ChangeKind::kInsert || kind == ChangeKind::kUpdate) {
    change.new_image = body.take(body.rest().size(), "a new image");
    if (change.new_image.empty() && !relation.widths.empty()) fail("a change without a new image");
  }
  check_image(relation, change.old_image);
  check_image(relation, change.new_image);
  open_->bytes += sizeof change;
  open_->changes.push_back(change);
  ++open_->change_count;
  if (kind == ChangeKind::kTruncate) {
    auto& truncated = open_->truncated;
    const auto oid = relation.relation->oid;
    if (std::find(truncated.begin(), truncated.end(), oid) == truncated.end()) {
      truncated.push_back(oid);
    }
  }
}

void StreamDecoder::check_image(const KnownRelation& relation, std::string_view image) {
  parse_image(image, relation.widths.size(), scratch_);
  for (std::size_t i = 0; i < scratch_.size(); ++i) {
    if (scratch_[i].state != Value::State::kPresent || relation.widths[i] == kAnyWidth) continue;
    if (scratch_[i].bytes.size() == static_cast<std::size_t>(relation.widths[i])) continue;
    fail("a value of " + std::to_string(scratch_[i].bytes.size()) + " bytes in column \"" +
         relation.relation->columns[i].name + "\" of " + relation.relation->schema + "." +
         relation.relation->name + ", which takes " + std::to_string(relation.widths[i]));
  }
}

void StreamDecoder::message(ByteReader& body) {
  LogicalMessage message;
  message.prefix = body.string("a message's prefix");
  message.content = body.take(body.rest().size(), "a message's content");
  open_->bytes += sizeof message + message.prefix.size() + message.content.size();
  open_->messages.push_back(std::move(message));
}

}  // namespace daas
