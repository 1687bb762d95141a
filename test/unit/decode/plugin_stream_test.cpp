// What the real plugin sent (data/make_plugin_stream.sql) is what the decoder reads.
#include <gtest/gtest.h>

#include <fstream>

#include "decode/image.hpp"
#include "decode/stream_decoder.hpp"

namespace daas {
namespace {

std::vector<std::string> recorded_messages() {
  std::ifstream file(DAAS_TEST_DATA "/plugin_stream.hex");
  std::vector<std::string> messages;
  for (std::string line; std::getline(file, line);) {
    std::string& message = messages.emplace_back();
    for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
      message.push_back(static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16)));
    }
  }
  return messages;
}

std::string shown(std::string_view image, const Relation& relation) {
  std::vector<Value> values;
  parse_image(image, relation.columns.size(), values);
  std::string text;
  for (const Value& value : values) {
    if (!text.empty()) text += ' ';
    switch (value.state) {
      case Value::State::kNull:
        text += "NULL";
        break;
      case Value::State::kUnchanged:
        text += "unchanged";
        break;
      case Value::State::kOmitted:
        text += "omitted";
        break;
      case Value::State::kPresent:
        for (const unsigned char byte : value.bytes.substr(0, 8)) {
          constexpr char kDigits[] = "0123456789abcdef";
          text += kDigits[byte >> 4];
          text += kDigits[byte & 15];
        }
    }
  }
  return text;
}

TEST(PluginStream, IsReadAsItWasWritten) {
  const std::vector<std::string> messages = recorded_messages();
  StreamDecoder decoder;
  std::vector<Commit> commits;
  for (const std::string& message : messages) {
    for (Commit& commit : decoder.feed(message)) commits.push_back(std::move(commit));
  }
  EXPECT_FALSE(decoder.in_transaction());
  ASSERT_EQ(commits.size(), 6u);

  const Relation& flight = *commits[0].relations.at(0);
  EXPECT_EQ(flight.schema + "." + flight.name, "public.flight");
  EXPECT_EQ(flight.identity, ReplicaIdentity::kKey);
  ASSERT_EQ(flight.columns.size(), 6u);
  EXPECT_TRUE(flight.columns[0].identity);
  EXPECT_FALSE(flight.columns[1].identity);
  EXPECT_TRUE(flight.columns[3].native);
  EXPECT_FALSE(flight.columns[2].native);

  const auto& inserted = commits[0].changes;
  ASSERT_EQ(inserted.size(), 2u);
  EXPECT_EQ(shown(inserted[0].new_image, flight),
            "00000001 5541 312e3530 00017535f6244800 6e6e6e6e6e6e6e6e omitted");
  EXPECT_EQ(shown(inserted[1].new_image, flight),
            "fffffffe c3a9 NULL 7fffffffffffffff NULL omitted");

  const Change& updated = commits[1].changes.at(0);
  EXPECT_EQ(updated.kind, ChangeKind::kUpdate);
  EXPECT_EQ(updated.old_image, "");
  EXPECT_EQ(shown(updated.new_image, flight),
            "00000001 4141 312e3530 00017535f6244800 unchanged omitted");

  const Change& moved = commits[2].changes.at(0);
  EXPECT_EQ(shown(moved.old_image, flight), "fffffffe omitted omitted omitted omitted omitted");
  EXPECT_EQ(shown(moved.new_image, flight), "00000003 c3a9 NULL 7fffffffffffffff NULL omitted");

  EXPECT_EQ(commits[3].changes.at(0).kind, ChangeKind::kDelete);
  EXPECT_EQ(commits[4].messages.at(0).content, "beat");

  EXPECT_EQ(commits[5].changes.size(), 4u);
  EXPECT_EQ(commits[5].changes.back().kind, ChangeKind::kTruncate);
  for (std::size_t i = 1; i < commits.size(); ++i) {
    EXPECT_LT(commits[i - 1].end_lsn, commits[i].end_lsn);
    EXPECT_LT(commits[i].lsn, commits[i].end_lsn);
    EXPECT_LT(commits[i - 1].xid, commits[i].xid);
  }
}

}  // namespace
}  // namespace daas
