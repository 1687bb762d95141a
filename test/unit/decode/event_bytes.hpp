// Builds messages by the grammar of docs/change_event.md, independently of the plugin.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace daas::test {

template <std::integral Integer>
std::string be(Integer value) {
  std::string bytes;
  for (int shift = (static_cast<int>(sizeof value) - 1) * 8; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(static_cast<std::uint64_t>(value) >> shift));
  }
  return bytes;
}

inline std::string str(std::string_view text) {
  return be(static_cast<std::uint16_t>(text.size())) + std::string(text);
}

inline std::string record(char type, const std::string& body) {
  return type + be(static_cast<std::uint32_t>(body.size())) + body;
}

constexpr std::uint64_t kXid = 0x1'0000'02D7;
constexpr std::uint64_t kCommitLsn = 0x1'0194'8C00;
constexpr std::uint64_t kEndLsn = 0x1'0194'8C30;
constexpr std::int64_t kTime = 830'000'000'000'000;

inline std::string transaction(char type, std::uint64_t xid = kXid) {
  return record(type, be(xid) + be(kCommitLsn) + be(kEndLsn) + be(kTime));
}
inline std::string begin(std::uint64_t xid = kXid) {
  return transaction('B', xid);
}
inline std::string commit(std::uint64_t xid = kXid) {
  return transaction('C', xid);
}

struct ColumnBytes {
  std::uint8_t flags;
  std::uint32_t type;
  std::string name;
};

inline std::string relation(std::uint32_t oid, char identity,
                            const std::vector<ColumnBytes>& columns, std::string_view name = "f") {
  std::string body = be(oid) + identity + str("public") + str(name) +
                     be(static_cast<std::uint16_t>(columns.size()));
  for (const ColumnBytes& column : columns) {
    body += be(column.flags) + be(column.type) + be(std::int32_t{-1}) + str(column.name);
  }
  return record('R', body);
}

inline std::string value(std::string_view bytes) {
  if (bytes.size() <= 0xFB) return static_cast<char>(bytes.size()) + std::string(bytes);
  return '\xFC' + be(static_cast<std::uint32_t>(bytes.size())) + std::string(bytes);
}
inline const std::string kOmittedByte = "\xFD";
inline const std::string kUnchangedByte = "\xFE";
inline const std::string kNullByte = "\xFF";

inline std::string insert(std::uint32_t oid, const std::string& image) {
  return record('I', be(oid) + image);
}
inline std::string update(std::uint32_t oid, const std::string& old_image,
                          const std::string& new_image) {
  return record('U',
                be(oid) + be(static_cast<std::uint32_t>(old_image.size())) + old_image + new_image);
}
inline std::string erase(std::uint32_t oid, const std::string& image) {
  return record('D', be(oid) + image);
}
inline std::string truncate(std::uint32_t oid) {
  return record('T', be(oid));
}
inline std::string logical(std::string_view prefix, std::string_view content) {
  return record('M', str(prefix) + std::string(content));
}

constexpr std::uint32_t kTable = 16'385;
constexpr std::uint32_t kInt4 = 23;
constexpr std::uint32_t kText = 25;
constexpr std::uint32_t kNumeric = 1700;

/// id integer (identity), name text, price numeric.
inline std::string flights() {
  return relation(kTable, 'k', {{3, kInt4, "id"}, {2, kText, "name"}, {0, kNumeric, "price"}});
}
inline std::string flight(std::int32_t id, std::string_view name, std::string_view price) {
  return value(be(id)) + value(name) + value(price);
}

/// One transaction with a record of every type.
inline std::string every_record() {
  return begin() + flights() + insert(kTable, flight(1, "a", "1.50")) +
         update(kTable, "", flight(1, std::string(300, 'x'), "NaN")) +
         update(kTable, value(be(std::int32_t{1})) + kOmittedByte + kOmittedByte,
                value(be(std::int32_t{2})) + kUnchangedByte + kNullByte) +
         erase(kTable, value(be(std::int32_t{2})) + kOmittedByte + kOmittedByte) +
         truncate(kTable) + logical("daas.ddl", "{}") + commit();
}

}  // namespace daas::test
