#include "change_writer.hpp"

#include <cstring>
#include <new>
#include <type_traits>

#include "memory_scope.hpp"

extern "C" {
#include "access/detoast.h"
#include "port/pg_bswap.h"
#include "replication/output_plugin.h"
}

namespace daas {

using change_event::RecordType;

static_assert(std::is_trivially_destructible_v<BinaryChangeWriter>);

BinaryChangeWriter* BinaryChangeWriter::create(MemoryContext context,
                                               LogicalDecodingContext* output) {
  void* place = MemoryContextAlloc(context, sizeof(BinaryChangeWriter));
  auto* writer = new (place) BinaryChangeWriter(output);
  in_memory(context, [writer] {
    initStringInfo(&writer->gathered_);
    enlargeStringInfo(&writer->gathered_, change_event::kMessageBytes + 8 * 1024);
  });
  return writer;
}

// ---- bytes
// ------------------------------------------------------------------------------------------

inline char* BinaryChangeWriter::room(int length) {
  if (unlikely(gathered_.len + length >= gathered_.maxlen)) enlargeStringInfo(&gathered_, length);
  char* place = gathered_.data + gathered_.len;
  gathered_.len += length;
  return place;
}

template <typename Integer>
inline void BinaryChangeWriter::put(Integer value) {
  if constexpr (sizeof(Integer) == 2) value = static_cast<Integer>(pg_hton16(value));
  if constexpr (sizeof(Integer) == 4) value = static_cast<Integer>(pg_hton32(value));
  if constexpr (sizeof(Integer) == 8) value = static_cast<Integer>(pg_hton64(value));
  memcpy(room(sizeof value), &value, sizeof value);
}

inline void BinaryChangeWriter::put_bytes(const void* bytes, int length) {
  memcpy(room(length), bytes, length);
}

void BinaryChangeWriter::put_name(const char* text) {
  const std::size_t length = strlen(text);
  if (length > PG_UINT16_MAX) elog(ERROR, "name of %zu bytes in a change event", length);
  put(static_cast<uint16>(length));
  put_bytes(text, static_cast<int>(length));
}

// ---- records and messages
// ---------------------------------------------------------------------------

void BinaryChangeWriter::open_record(RecordType type) {
  record_ = gathered_.len;
  put(static_cast<char>(type));
  put(uint32{0});
}

void BinaryChangeWriter::close_record() {
  const uint32 body =
      pg_hton32(static_cast<uint32>(gathered_.len - record_ - change_event::kRecordHeaderBytes));
  memcpy(gathered_.data + record_ + 1, &body, sizeof body);
  constexpr int kLimit = change_event::kMessageBytes;
  if (gathered_.len > kLimit && record_ > 0) send(record_);
  if (gathered_.len >= kLimit) send(gathered_.len);
}

/// Sends the first `length` bytes, which end at a record.
void BinaryChangeWriter::send(int length) {
  if (length == 0) return;
  OutputPluginPrepareWrite(output_, true);
  appendBinaryStringInfo(output_->out, gathered_.data, length);
  OutputPluginWrite(output_, true);
  const int rest = gathered_.len - length;
  memmove(gathered_.data, gathered_.data + length, rest);
  gathered_.len = rest;
}

void BinaryChangeWriter::put_transaction(const CapturedTransaction& transaction) {
  put(transaction.xid);
  put(static_cast<uint64>(transaction.commit_lsn));
  put(static_cast<uint64>(transaction.end_lsn));
  put(static_cast<int64>(transaction.time));
}

void BinaryChangeWriter::begin(const CapturedTransaction& transaction) {
  open_record(RecordType::kBegin);
  put_transaction(transaction);
  close_record();
}

void BinaryChangeWriter::commit(const CapturedTransaction& transaction) {
  open_record(RecordType::kCommit);
  put_transaction(transaction);
  close_record();
  // What is held back past a commit would be lost to a client that confirms the keepalive's
  // position.
  send(gathered_.len);
}

void BinaryChangeWriter::relation(const CapturedMember& member) {
  open_record(RecordType::kRelation);
  put(static_cast<uint32>(member.oid));
  put(static_cast<char>(member.identity));
  put_name(member.schema);
  put_name(member.name);
  put(static_cast<uint16>(member.column_count));
  for (int i = 0; i < member.column_count; ++i) {
    const CapturedColumn& column = member.columns[i];
    uint8 flags = 0;
    if (column.identity) flags |= change_event::kIdentityColumn;
    if (is_native(column.encoding)) flags |= change_event::kNativeColumn;
    put(flags);
    put(static_cast<uint32>(column.type));
    put(column.typmod);
    put_name(column.name);
  }
  close_record();
}

void BinaryChangeWriter::open_change(RecordType type, const CapturedMember& member, XLogRecPtr) {
  open_record(type);
  put(static_cast<uint32>(member.oid));
  update_ = type == RecordType::kUpdate;
  old_length_ = gathered_.len;
  if (update_) put(uint32{0});
}

void BinaryChangeWriter::old_image(const CapturedMember& member, const CapturedRow& row) {
  const int start = gathered_.len;
  put_image(member, row, member.identity != change_event::IdentityCode::kFull);
  if (!update_) return;
  const uint32 length = pg_hton32(static_cast<uint32>(gathered_.len - start));
  memcpy(gathered_.data + old_length_, &length, sizeof length);
}

void BinaryChangeWriter::new_image(const CapturedMember& member, const CapturedRow& row) {
  put_image(member, row, false);
}

void BinaryChangeWriter::close_change(const CapturedMember&) {
  close_record();
}

void BinaryChangeWriter::truncate(const CapturedMember& member, XLogRecPtr) {
  open_record(RecordType::kTruncate);
  put(static_cast<uint32>(member.oid));
  close_record();
}

/// What ours never look like is left out, lest it end in an error that decoding can't get past: a
/// message may be a gigabyte.
bool BinaryChangeWriter::wants_message(const char* prefix, const char*, Size size) {
  return strncmp(prefix, change_event::kMessagePrefix, strlen(change_event::kMessagePrefix)) == 0 &&
         strlen(prefix) <= change_event::kLongestPrefix && size <= change_event::kMessageBytes;
}

void BinaryChangeWriter::message(const char* prefix, const char* content, Size size, XLogRecPtr) {
  open_record(RecordType::kMessage);
  put_name(prefix);
  put_bytes(content, static_cast<int>(size));
  close_record();
}

// ---- values
// -----------------------------------------------------------------------------------------

void BinaryChangeWriter::put_image(const CapturedMember& member, const CapturedRow& row,
                                   bool identity_only) {
  for (int i = 0; i < member.column_count; ++i) {
    const CapturedColumn& column = member.columns[i];
    if (column.source < 0 || column.encoding == ValueEncoding::kOmitted ||
        (identity_only && !column.identity)) {
      put(static_cast<uint8>(change_event::kOmittedTag));
    } else if (row.nulls[column.source]) {
      put(static_cast<uint8>(change_event::kNullTag));
    } else {
      put_value(column, row.values[column.source]);
    }
  }
}

void BinaryChangeWriter::put_value(const CapturedColumn& column, Datum value) {
  // PostgreSQL leaves a pointer into the TOAST table where the WAL has no value.
  if (column.varlena && VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(value))) {
    put(static_cast<uint8>(change_event::kUnchangedTag));
    return;
  }
  switch (column.encoding) {
    case ValueEncoding::kByte:
      put(uint8{1});
      put(static_cast<uint8>(DatumGetBool(value)));
      return;
    case ValueEncoding::kTwo:
      put(uint8{2});
      put(static_cast<uint16>(DatumGetInt16(value)));
      return;
    case ValueEncoding::kFour:
      put(uint8{4});
      put(static_cast<uint32>(DatumGetInt32(value)));
      return;
    case ValueEncoding::kEight:
      put(uint8{8});
      put(static_cast<uint64>(DatumGetInt64(value)));
      return;
    case ValueEncoding::kSixteen:
      put(uint8{16});
      put_bytes(DatumGetPointer(value), 16);
      return;
    case ValueEncoding::kRawText: {
      // Asked before it is unpacked: it may be a gigabyte.
      if (toast_raw_datum_size(value) > change_event::kRecordBytes) {
        put(static_cast<uint8>(change_event::kUnchangedTag));
        return;
      }
      struct varlena* text = PG_DETOAST_DATUM_PACKED(value);
      put_length_and_bytes(VARDATA_ANY(text), VARSIZE_ANY_EXHDR(text));
      return;
    }
    case ValueEncoding::kConverted:
      put_converted(column, value);
      return;
    case ValueEncoding::kOmitted:
      break;
  }
  elog(ERROR, "column without an encoding in a change event");
}

void BinaryChangeWriter::put_converted(const CapturedColumn& column, Datum value) {
  if (column.varlena && toast_raw_datum_size(value) > change_event::kConvertedBytes) {
    put(static_cast<uint8>(change_event::kUnchangedTag));
    return;
  }
  const char* text = OutputFunctionCall(&column.output, value);
  put_length_and_bytes(text, strlen(text));
}

void BinaryChangeWriter::put_length_and_bytes(const char* bytes, Size length) {
  // Two images of 1,600 fixed-size values fit into the rest.
  constexpr Size kReserve = 64 * 1024;
  const Size used = gathered_.len - record_ + kReserve;
  if (unlikely(used + length > change_event::kRecordBytes)) {
    put(static_cast<uint8>(change_event::kUnchangedTag));
    return;
  }
  if (length <= change_event::kMaxShortLength) {
    put(static_cast<uint8>(length));
  } else {
    put(static_cast<uint8>(change_event::kLongLength));
    put(static_cast<uint32>(length));
  }
  put_bytes(bytes, static_cast<int>(length));
}

}  // namespace daas
