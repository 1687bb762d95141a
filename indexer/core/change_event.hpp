// The numbers of docs/change_event.md, shared by the output plugin that writes the format and the
// decoder that reads it. DO NOT CHANGE A VALUE: a new meaning takes a new value, and what an old
// reader can't skip takes a new kProtocolVersion.
#pragma once

#include <cstdint>

namespace daas::change_event {

inline constexpr int kProtocolVersion = 1;

/// A message is sent when the next record would make it longer. One longer record goes alone.
inline constexpr std::uint32_t kMessageBytes = 64 * 1024;
/// Values that would make a record longer are marked kUnchanged: they are read from the table.
inline constexpr std::uint32_t kRecordBytes = 64 * 1024 * 1024;
/// Values of more stored bytes than this are not converted to text but marked kUnchanged: the text
/// of a small jsonb or array can pass 1 GB, where PostgreSQL raises an error and decoding would
/// never get past it.
inline constexpr std::uint32_t kConvertedBytes = 64 * 1024;

/// Logical messages whose prefix starts so are part of the stream.
inline constexpr char kMessagePrefix[] = "daas.";
/// Of the messages about DDL (sql/capture.sql).
inline constexpr char kDdlPrefix[] = "daas.ddl";
/// Bytes of a prefix; content is as long as a message of the stream at most. What is longer is not ours.
inline constexpr std::uint32_t kLongestPrefix = 63;

enum class RecordType : char {
  kBegin = 'B',
  kCommit = 'C',
  kRelation = 'R',
  kInsert = 'I',
  kUpdate = 'U',
  kDelete = 'D',
  kTruncate = 'T',
  kMessage = 'M',
};
inline constexpr int kRecordHeaderBytes = 5;  ///< type, length of the body

/// First byte of a value; up to kMaxShortLength it is the length itself.
enum ValueTag : std::uint8_t {
  kMaxShortLength = 0xFB,
  kLongLength = 0xFC,
  kOmittedTag = 0xFD,
  kUnchangedTag = 0xFE,
  kNullTag = 0xFF,
};

enum ColumnFlag : std::uint8_t {
  kIdentityColumn = 1,
  kNativeColumn = 2,
};

enum class IdentityCode : char { kNothing = 'n', kKey = 'k', kFull = 'f' };

}  // namespace daas::change_event
