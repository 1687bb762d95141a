#include "pipeline/change_reader.hpp"

#include <algorithm>

#include "core/document_id.hpp"
#include "core/error.hpp"
#include "core/pg_text.hpp"
#include "decode/image.hpp"

namespace daas {
namespace {

std::string reload_of(const Model& model) {
  return "SELECT daas.reload_model('" + model.name + "')";
}

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

void ChangeReader::read(std::span<const Change> changes, Outcomes& outcomes) {
  for (const auto& change : changes) {
    if (change.kind == ChangeKind::kTruncate) continue;
    const auto source = std::find_if(
        model_.sources.begin(), model_.sources.end(),
        [&](const auto& candidate) { return candidate.relation_oid == change.relation->oid; });
    if (source != model_.sources.end()) apply(change, *source, outcomes);
  }
}

const ChangeReader::Mapping& ChangeReader::mapping(const Relation& relation,
                                                   const Model::Source& source) {
  if (const auto known = mappings_.find(&relation); known != mappings_.end()) return known->second;
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
  for (const auto& name : source.key) mapping.key.push_back(position(name));
  mapping.identity_covers_key =
      relation.identity == ReplicaIdentity::kFull ||
      std::all_of(mapping.key.begin(), mapping.key.end(),
                  [&](std::size_t column) { return relation.columns[column].identity; });
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
                  reload_of(model_));
    }
    if (model_.projection) mapping.columns.push_back(at);
  }
  return mappings_.emplace(&relation, std::move(mapping)).first->second;
}

std::string ChangeReader::identify(const Change& change, const Mapping& mapping, bool old_image) {
  const auto& relation = *change.relation;
  const auto& values = old_image ? old_values_ : values_;
  key_.resize(mapping.key.size());
  auto text = key_.begin();
  for (const auto column : mapping.key) {
    const Value* value = &values[column];
    // A key in TOAST that the statement left alone stands in the old image only.
    if (value->state == Value::State::kUnchanged && !old_image && !change.old_image.empty()) {
      value = &old_values_[column];
    }
    if (value->state == Value::State::kNull) {
      throw Error(Remedy::kStop,
                  "a row of table " + name_of(relation) + " has no value in the key column \"" +
                      relation.columns[column].name + "\" of model " + model_.name,
                  "ALTER TABLE " + name_of(relation) + " ALTER COLUMN " +
                      quoted(relation.columns[column].name) +
                      " SET NOT NULL, when every row has one; then " + reload_of(model_));
    }
    if (value->state != Value::State::kPresent) {
      throw Error(Remedy::kStop,
                  "a change of table " + name_of(relation) + " carries no value of the key column \"" +
                      relation.columns[column].name + "\" of model " + model_.name,
                  "ALTER TABLE " + name_of(relation) + " REPLICA IDENTITY FULL; " +
                      reload_of(model_));
    }
    text->clear();
    if (relation.columns[column].native) {
      append_native_text(*text, value_type_of(relation.columns[column].type_oid), value->bytes);
    } else {
      *text = value->bytes;
    }
    ++text;
  }
  return id(key_);
}

void ChangeReader::apply(const Change& change, const Model::Source& source, Outcomes& outcomes) {
  const auto& relation = *change.relation;
  const auto& where = mapping(relation, source);
  if (change.kind != ChangeKind::kInsert && !where.identity_covers_key) {
    throw Error(Remedy::kStop,
                "table " + name_of(relation) + " lost the replica identity that model " +
                    model_.name + " needs: an UPDATE or DELETE came without its key",
                "give the table its primary key back, or ALTER TABLE " + name_of(relation) +
                    " REPLICA IDENTITY FULL (of a partitioned table: the partition that "
                    "daas.reload_model names); then " +
                    reload_of(model_));
  }
  if (!change.old_image.empty()) {
    parse_image(change.old_image, relation.columns.size(), old_values_);
    outcomes[identify(change, where, true)] = {Outcome::Kind::kDeleted, {}, {}, nullptr};
  }
  if (change.kind == ChangeKind::kDelete) {
    if (change.old_image.empty()) {
      throw Error(Remedy::kStop, "a DELETE of table " + name_of(relation) + " came without its key",
                  "ALTER TABLE " + name_of(relation) + " REPLICA IDENTITY FULL; then " +
                      reload_of(model_));
    }
    return;
  }
  parse_image(change.new_image, relation.columns.size(), values_);
  Outcome outcome;
  auto id = identify(change, where, false);
  const bool whole =
      model_.projection &&
      std::all_of(where.columns.begin(), where.columns.end(), [&](std::size_t column) {
        const auto state = values_[column].state;
        return state == Value::State::kNull || state == Value::State::kPresent;
      });
  if (whole) {
    outcome.kind = Outcome::Kind::kRow;
    outcome.image = change.new_image;
    outcome.relation = &relation;
  } else {
    outcome.key = key_;
  }
  outcomes[std::move(id)] = std::move(outcome);
}

const std::vector<Field>& ChangeReader::row(const Outcome& outcome) {
  const auto& relation = *outcome.relation;
  parse_image(outcome.image, relation.columns.size(), values_);
  const auto source = std::find_if(
      model_.sources.begin(), model_.sources.end(),
      [&](const auto& candidate) { return candidate.relation_oid == relation.oid; });
  const auto& where = mapping(relation, *source);
  fields_.clear();
  for (const auto column : where.columns) {
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
