#include "pipeline/change_reader.hpp"

#include <algorithm>

#include "core/document_id.hpp"
#include "core/error.hpp"
#include "core/pg_text.hpp"
#include "decode/image.hpp"

namespace daas {
namespace {

std::string quoted(const std::string& name) {
  const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") ==
                         std::string::npos &&
                     (name[0] < '0' || name[0] > '9');
  if (plain) return name;
  std::string text = "\"";
  for (const char c : name) text.append(c == '"' ? 2 : 1, c);
  return text + '"';
}

/// For messages and hints, which are run as they stand. Only a schema's name could be a keyword
/// that needs quotes.
std::string name_of(const Relation& relation) {
  const auto schema = quoted(relation.schema);
  const bool bare = schema == "public" || schema.starts_with('"');
  return (bare ? schema : '"' + schema + '"') + "." + quoted(relation.name);
}

}  // namespace

ChangeReader::ChangeReader(const Model& model) : model_(model) {}

void ChangeReader::read(std::span<const Change> changes, Outcomes& outcomes,
                        std::vector<DeltaImages>& images) {
  for (const auto& change : changes) {
    if (change.kind == ChangeKind::kTruncate) continue;
    if (const auto* const where = mapping(*change.relation)) apply(change, *where, outcomes, images);
  }
}

const ChangeReader::Mapping* ChangeReader::mapping(const Relation& relation) {
  auto known = mappings_.find(&relation);
  if (known == mappings_.end()) {
    const bool ours =
        std::any_of(model_.deltas.begin(), model_.deltas.end(),
                    [&](const auto& delta) { return delta.relation_oid == relation.oid; });
    known = mappings_.emplace(&relation, ours ? std::optional(map(relation)) : std::nullopt).first;
  }
  return known->second ? &*known->second : nullptr;
}

ChangeReader::Mapping ChangeReader::map(const Relation& relation) const {
  const auto position = [&](const std::string& name) {
    const auto found = std::find_if(relation.columns.begin(), relation.columns.end(),
                                    [&](const auto& column) { return column.name == name; });
    if (found == relation.columns.end()) {
      throw Error(Remedy::kStop,
                  "table " + name_of(relation) + " no longer has the column \"" + name +
                      "\" that model " + model_.name + " reads",
                  "SELECT daas.alter_model('" + model_.name +
                      "', query => '…') with a query over the table's present columns");
    }
    return static_cast<std::size_t>(found - relation.columns.begin());
  };
  Mapping mapping;
  for (std::size_t number = 0; number < model_.deltas.size(); ++number) {
    const auto& delta = model_.deltas[number];
    if (delta.relation_oid != relation.oid || delta.mode == Model::Delta::Mode::kRefresh) continue;
    Mapping::Needed needed{number, {}, false};
    for (const auto& name : delta.columns) needed.columns.push_back(position(name));
    needed.identity_covers =
        relation.identity == ReplicaIdentity::kFull ||
        std::all_of(needed.columns.begin(), needed.columns.end(),
                    [&](std::size_t column) { return relation.columns[column].identity; });
    mapping.deltas.push_back(std::move(needed));
  }
  for (const auto& column : model_.columns) {
    if (column.source.empty()) continue;
    const auto at = position(column.source);
    const auto type = value_type_of(relation.columns[at].type_oid);
    // A user's type has no oid that is known here; its changes come with DDL messages.
    const auto expected = is_user_type(column) ? ValueType::kWrapped : column.type;
    if (column.type != ValueType::kWrapped && type != expected) {
      throw Error(Remedy::kStop,
                  "column \"" + column.source + "\" of table " + name_of(relation) +
                      " no longer has the type " + column.pg_type + " that model " + model_.name +
                      " was defined with",
                  reload_statement(model_.name));
    }
    if (model_.projection) mapping.columns.push_back(at);
  }
  return mapping;
}

void ChangeReader::read_texts(const Change& change, const Mapping::Needed& needed, bool old_image) {
  const auto& relation = *change.relation;
  texts_.assign(needed.columns.size(), std::nullopt);
  auto text = texts_.begin();
  for (const auto column : needed.columns) {
    const Value* value = old_image ? &old_values_[column] : &values_[column];
    // A value in TOAST that the statement left alone stands in the old image only.
    if (value->state == Value::State::kUnchanged && !old_image && !change.old_image.empty()) {
      value = &old_values_[column];
    }
    if (value->state == Value::State::kUnchanged || value->state == Value::State::kOmitted) {
      const bool key = model_.deltas[needed.delta].mode == Model::Delta::Mode::kKey;
      throw Error(Remedy::kStop,
                  "a change of table " + name_of(relation) + " carries no value of the " +
                      (key ? "key column \"" : "column \"") + relation.columns[column].name +
                      "\" of model " + model_.name,
                  "ALTER TABLE " + name_of(relation) + " REPLICA IDENTITY FULL; " +
                      reload_statement(model_.name));
    }
    if (value->state == Value::State::kPresent) {
      text->emplace();
      if (relation.columns[column].native) {
        append_native_text(**text, value_type_of(relation.columns[column].type_oid), value->bytes);
      } else {
        **text = value->bytes;
      }
    }
    ++text;
  }
}

std::string ChangeReader::identify(const Change& change, const Mapping::Needed& key, bool old_image) {
  const auto& relation = *change.relation;
  read_texts(change, key, old_image);
  key_.clear();
  for (std::size_t part = 0; part < texts_.size(); ++part) {
    if (!texts_[part]) {
      const auto& name = relation.columns[key.columns[part]].name;
      throw Error(Remedy::kStop,
                  "a row of table " + name_of(relation) + " has no value in the key column \"" +
                      name + "\" of model " + model_.name,
                  "ALTER TABLE " + name_of(relation) + " ALTER COLUMN " + quoted(name) +
                      " SET NOT NULL, when every row has one; then " + reload_statement(model_.name));
    }
    key_.push_back(std::move(*texts_[part]));
  }
  return id(key_);
}

void ChangeReader::apply(const Change& change, const Mapping& mapping, Outcomes& outcomes,
                         std::vector<DeltaImages>& images) {
  const auto& relation = *change.relation;
  if (!change.old_image.empty()) parse_image(change.old_image, relation.columns.size(), old_values_);
  if (change.kind != ChangeKind::kDelete) {
    parse_image(change.new_image, relation.columns.size(), values_);
  }
  for (const auto& needed : mapping.deltas) {
    if (change.kind != ChangeKind::kInsert && !needed.identity_covers) {
      throw Error(Remedy::kStop,
                  "table " + name_of(relation) + " lost the replica identity that model " +
                      model_.name + " needs: an UPDATE or DELETE came without its key",
                  "give the table its primary key back, or ALTER TABLE " + name_of(relation) +
                      " REPLICA IDENTITY FULL (of a partitioned table: the partition that "
                      "daas.reload_model names); then " +
                      reload_statement(model_.name));
    }
    if (change.kind == ChangeKind::kDelete && change.old_image.empty()) {
      throw Error(Remedy::kStop, "a DELETE of table " + name_of(relation) + " came without its key",
                  "ALTER TABLE " + name_of(relation) + " REPLICA IDENTITY FULL; then " +
                      reload_statement(model_.name));
    }
    if (model_.deltas[needed.delta].mode == Model::Delta::Mode::kKey) {
      apply_key(change, mapping, needed, outcomes);
      continue;
    }
    if (!change.old_image.empty()) {
      read_texts(change, needed, true);
      images[needed.delta].add(texts_);
    }
    if (change.kind != ChangeKind::kDelete) {
      read_texts(change, needed, false);
      images[needed.delta].add(texts_);
    }
  }
}

void ChangeReader::apply_key(const Change& change, const Mapping& mapping,
                             const Mapping::Needed& key, Outcomes& outcomes) {
  if (!change.old_image.empty()) {
    auto id = identify(change, key, true);
    // In a query, other rows may make the document, too.
    outcomes[std::move(id)] = model_.projection
                                  ? Outcome{Outcome::Kind::kDeleted, {}, {}, nullptr}
                                  : Outcome{Outcome::Kind::kFetch, key_, {}, nullptr};
  }
  if (change.kind == ChangeKind::kDelete) return;
  Outcome outcome;
  auto id = identify(change, key, false);
  const bool whole =
      model_.projection &&
      std::all_of(mapping.columns.begin(), mapping.columns.end(), [&](std::size_t column) {
        const auto state = values_[column].state;
        return state == Value::State::kNull || state == Value::State::kPresent;
      });
  if (whole) {
    outcome.kind = Outcome::Kind::kRow;
    outcome.image = change.new_image;
    outcome.relation = change.relation;
  } else {
    outcome.key = key_;
  }
  outcomes[std::move(id)] = std::move(outcome);
}

const std::vector<Field>& ChangeReader::row(const Outcome& outcome) {
  const auto& relation = *outcome.relation;
  parse_image(outcome.image, relation.columns.size(), values_);
  fields_.clear();
  for (const auto column : mapping(relation)->columns) {
    const auto& value = values_[column];
    Field field;
    if (value.state == Value::State::kPresent) {
      field.form = relation.columns[column].native ? Field::Form::kNative : Field::Form::kText;
      field.bytes = value.bytes;
    }
    fields_.push_back(field);
  }
  return fields_;
}

std::string ChangeReader::id(const std::vector<std::string>& key) const {
  std::string id;
  for (std::size_t part = 0; part < key.size(); ++part) {
    append_key_part(id, model_.columns[model_.key[part]].type, key[part], key.size() > 1, part == 0);
  }
  finish_id(id);
  return id;
}

}  // namespace daas
