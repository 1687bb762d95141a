#include "pipeline/batch_documents.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "core/error.hpp"

namespace daas {
namespace {

/// Keys of one fetch: enough to make a round trip cheap, few enough to keep memory flat.
constexpr std::size_t kFetchedKeys = 1000;
/// Of a chunk: a batch of any size is worked off in so much memory.
constexpr std::size_t kChunkKeys = 20000;

/// The part of a daas.ddl message (docs/change_event.md) that concerns a model.
struct Ddl {
  bool concerns = false;
  bool rewritten = false;
  std::string command;
  std::string object;
};

/// A member of a JSON object, empty unless it is a string.
std::string string_member(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Ddl read_ddl(const std::string& content, const Model& model) {
  Ddl ddl;
  const auto message = nlohmann::json::parse(content, nullptr, false);
  // Anybody may emit a message with our prefix. So its form is trusted in nothing, and what it says
  // only makes the model look at the catalogs, or load anew.
  if (!message.is_object() || !message.contains("objects") || !message["objects"].is_array()) {
    return ddl;
  }
  ddl.command = string_member(message, "command");
  const auto event = string_member(message, "event");
  for (const auto& object : message["objects"]) {
    if (!object.is_object() || !object.contains("oid") || !object["oid"].is_number_integer()) {
      continue;
    }
    const auto oid = object["oid"].get<std::int64_t>();
    const auto source =
        std::find_if(model.sources.begin(), model.sources.end(),
                     [&](const auto& candidate) { return candidate.relation_oid == oid; });
    // A partition's change reaches the model through its root, whose oid the message names too.
    if (source == model.sources.end()) continue;
    ddl.concerns = true;
    ddl.object = source->relation;
    ddl.rewritten |= event == "table_rewrite";
  }
  return ddl;
}

}  // namespace

BatchDocuments::BatchDocuments(const Model& model)
    : model_(model), reader_(model), row_document_(model), writer_(model.columns, model.key) {}

BatchDocuments::Findings BatchDocuments::find(const std::vector<SharedCommit>& commits) const {
  Findings findings;
  for (const auto& commit : commits) {
    for (const auto& message : commit->messages) {
      if (message.prefix != "daas.ddl") continue;
      const auto ddl = read_ddl(message.content, model_);
      findings.check_shape |= ddl.concerns;
      if (ddl.rewritten) {
        findings.reload = true;
        findings.reload_cause = ddl.command + " rewrote table " + ddl.object;
      }
    }
    for (const auto& source : model_.sources) {
      const auto& truncated = commit->truncated;
      if (std::find(truncated.begin(), truncated.end(), source.relation_oid) == truncated.end()) {
        continue;
      }
      findings.reload = true;
      findings.reload_cause = "TRUNCATE";
    }
  }
  return findings;
}

void BatchDocuments::begin(const std::vector<SharedCommit>& commits) {
  outcomes_.clear();
  cursor_.emplace(commits);
}

bool BatchDocuments::next_chunk() {
  outcomes_.clear();
  reader_.forget_shapes();
  while (outcomes_.size() < kChunkKeys) {
    const auto changes = cursor_->next(kChunkKeys);
    if (changes.empty()) break;
    reader_.read(changes, outcomes_);
    // The next call would take away what these point into.
    if (cursor_->stored() && !outcomes_.empty()) break;
  }
  return !outcomes_.empty();
}

void BatchDocuments::write(SnapshotSession& session, Lanes& lanes, std::int64_t version) {
  std::vector<const ChangeReader::Outcomes::value_type*> wanted;
  for (const auto& entry : outcomes_) {
    const auto& [id, outcome] = entry;
    if (outcome.kind == Outcome::Kind::kFetch) {
      wanted.push_back(&entry);
      if (wanted.size() == kFetchedKeys) {
        fetch(session, lanes, version, wanted);
        wanted.clear();
      }
      continue;
    }
    auto& body = lanes.body(id);
    if (outcome.kind == Outcome::Kind::kDeleted) {
      DocumentWriter::append_tombstone(body, id, version);
    } else {
      writer_.append(body, id, reader_.row(outcome), version);
    }
    lanes.added();
  }
  if (!wanted.empty()) fetch(session, lanes, version, wanted);
}

void BatchDocuments::fetch_all(SnapshotSession& session, Lanes& lanes, std::int64_t version,
                               const ChangeReader::Outcomes& wanted) {
  std::vector<const ChangeReader::Outcomes::value_type*> part;
  for (const auto& entry : wanted) {
    part.push_back(&entry);
    if (part.size() < kFetchedKeys) continue;
    fetch(session, lanes, version, part);
    part.clear();
  }
  if (!part.empty()) fetch(session, lanes, version, part);
}

void BatchDocuments::fetch(SnapshotSession& session, Lanes& lanes, std::int64_t version,
                           const std::vector<const ChangeReader::Outcomes::value_type*>& wanted) {
  std::vector<std::vector<std::string>> keys(model_.key.size());
  std::unordered_set<std::string_view> missing;
  for (const auto* const entry : wanted) {
    missing.insert(entry->first);
    for (std::size_t part = 0; part < keys.size(); ++part) {
      keys[part].push_back(entry->second.key[part]);
    }
  }
  std::vector<Parameter> parameters;
  for (const auto& part : keys) parameters.emplace_back(array_text(part));
  const auto rows = session.connection().run(model_.fetch_query, parameters);
  std::vector<Field> fields(static_cast<std::size_t>(rows.columns()));
  for (int row = 0; row < rows.rows(); ++row) {
    for (int column = 0; column < rows.columns(); ++column) {
      auto& field = fields[static_cast<std::size_t>(column)];
      field.form = rows.is_null(row, column) ? Field::Form::kNull : Field::Form::kText;
      field.bytes = rows(row, column);
    }
    const auto& id = row_document_.id(fields);
    if (missing.erase(id) == 0) {
      const auto what = "the query of model " + model_.name + " returned two rows for ";
      Error error(Remedy::kStop, what + "the key \"" + id + "\"",
                  "SELECT daas.alter_model('" + model_.name + "', key => …) with a unique key");
      error.set_log_text(what + "one key; daas.status() names it");
      throw error;
    }
    row_document_.append(lanes.body(id), fields, version);
    lanes.added();
  }
  for (const auto id : missing) {
    DocumentWriter::append_tombstone(lanes.body(id), id, version);
    lanes.added();
  }
}

void BatchDocuments::check_key(SnapshotSession& session, const Model::Source& source) {
  const auto rows = session.connection().run(
      "SELECT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = $1::oid AND i.indisunique"
      "  AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL"
      "  AND NOT EXISTS (SELECT FROM generate_series(0, i.indnkeyatts - 1) p"
      "    LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p]"
      "      AND a.attname = ANY ($2::text[]) WHERE a.attname IS NULL)),"
      " format('ALTER TABLE %s ADD PRIMARY KEY (%s)', $1::oid::regclass,"
      "  (SELECT string_agg(quote_ident(k), ', ') FROM unnest($2::text[]) k))",
      {std::to_string(source.relation_oid), array_text(source.key)});
  if (rows.boolean(0, 0)) return;
  // Rows that share a key would share a document.
  throw Error(Remedy::kStop,
              "no unique index of table " + source.relation + " covers the key of model " +
                  model_.name + " any more",
              rows.text(0, 1) + "; SELECT daas.reload_model('" + model_.name + "')");
}

void BatchDocuments::check_shape(SnapshotSession& session) {
  const auto reload = "SELECT daas.reload_model('" + model_.name + "')";
  for (const auto& source : model_.sources) {
    const auto rows = session.connection().run(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
        " WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped",
        {std::to_string(source.relation_oid)});
    if (rows.rows() == 0) {
      throw Error(Remedy::kStop,
                  "table " + source.relation + " of model " + model_.name + " was dropped",
                  "SELECT daas.drop_model('" + model_.name + "', cascade => true)");
    }
    for (const auto& column : model_.columns) {
      if (column.source.empty()) continue;
      int row = 0;
      while (row < rows.rows() && rows(row, 0) != column.source) ++row;
      if (row == rows.rows()) {
        throw Error(Remedy::kStop,
                    "table " + source.relation + " no longer has the column \"" + column.source +
                        "\" that model " + model_.name + " reads",
                    "SELECT daas.alter_model('" + model_.name +
                        "', query => '…') with a query over the table's present columns");
      }
      if (rows(row, 1) != column.pg_type) {
        throw Error(Remedy::kStop,
                    "column \"" + column.source + "\" of table " + source.relation +
                        " changed its type from " + column.pg_type + " to " + rows.text(row, 1),
                    reload);
      }
    }
  }
  for (const auto& source : model_.sources) check_key(session, source);
  // The query itself must still run: functions, row security, privileges.
  const std::vector<Parameter> no_keys(model_.key.size(), Parameter{"{}"});
  session.connection().run(model_.fetch_query, no_keys);
}

}  // namespace daas
