#include "pipeline/batch_documents.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "core/array_text.hpp"
#include "core/change_event.hpp"
#include "core/error.hpp"
#include "pg/cursor.hpp"
#include "pipeline/delta_keys.hpp"
#include "pipeline/source_shape.hpp"

namespace daas {
namespace {

/// Documents that are fetched at a time: enough to make a round trip cheap, few enough to keep memory flat.
constexpr int kFetchedRows = 1000;
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
  // Of a function: only those that call it.
  if (const auto models = message.find("models");
      models != message.end() && models->is_array() &&
      std::find(models->begin(), models->end(), nlohmann::json(model.name)) == models->end()) {
    return ddl;
  }
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

bool changes(const Commit& commit, std::uint32_t relation_oid) {
  return std::any_of(commit.relations.begin(), commit.relations.end(),
                     [&](const auto& relation) { return relation->oid == relation_oid; });
}

}  // namespace

BatchDocuments::BatchDocuments(const Model& model, std::string plugin)
    : model_(model),
      plugin_(std::move(plugin)),
      reader_(model),
      row_document_(model),
      writer_(model.columns, model.key),
      images_(model.deltas.size()) {}

template <typename Body>
void BatchDocuments::naming_the_statement(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    if (error.remedy() != Remedy::kStop || last_ddl_.empty()) throw;
    // PostgreSQL's own hint is for who wrote the query.
    const bool postgres = dynamic_cast<const PgError*>(&error) != nullptr;
    Error named(Remedy::kStop, last_ddl_ + ": " + error.what(), postgres ? "" : error.hint());
    named.set_log_text(last_ddl_ + ": " + error.log_text());
    throw named;
  }
}

BatchDocuments::Findings BatchDocuments::find(const std::vector<SharedCommit>& commits) {
  Findings findings;
  for (const auto& commit : commits) {
    for (const auto& message : commit->messages) {
      if (message.prefix != change_event::kDdlPrefix) continue;
      const auto ddl = read_ddl(message.content, model_);
      if (!ddl.concerns) continue;
      findings.check_shape = true;
      last_ddl_ = "after " + ddl.command + " in transaction " + std::to_string(commit->xid);
      if (ddl.rewritten) {
        findings.reload = true;
        findings.reload_cause = ddl.command + " changed documents of table " + ddl.object;
      }
    }
    for (const auto& delta : model_.deltas) {
      const auto& truncated = commit->truncated;
      if (std::find(truncated.begin(), truncated.end(), delta.relation_oid) != truncated.end()) {
        findings.reload = true;
        findings.reload_cause = "TRUNCATE";
      } else if (delta.mode == Model::Delta::Mode::kRefresh && changes(*commit, delta.relation_oid)) {
        findings.refresh = true;
        if (!findings.reload) {
          findings.reload_cause = "a change of a table that may concern every document";
        }
      }
    }
  }
  return findings;
}

std::string BatchDocuments::source_oids() const {
  std::vector<std::string> oids;
  for (const auto& source : model_.sources) oids.push_back(std::to_string(source.relation_oid));
  return array_text(oids);
}

std::string BatchDocuments::tables(SnapshotSession& session) const {
  // The columns that daas._may_name() finds in the query: the reader may not call it.
  return session.connection()
      .run("SELECT coalesce(string_agg(concat(c.oid, ':', c.relfilenode, ':',"
           "   (SELECT string_agg(concat(a.attname, '=', a.attnum, '/', a.atttypid, '/', a.attcollation), ',' ORDER BY a.attname COLLATE \"C\")"
           "      FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
           "       AND $2 ~ concat('(?<![[:alnum:]_$\"])', regexp_replace(quote_ident(a.attname), '(\\W)', '\\\\\\1', 'g'), '(?![[:alnum:]_$\"])')"
           "     )), '; ' ORDER BY c.oid), '')"
           " FROM pg_class c WHERE c.oid = ANY ($1::oid[])",
           {source_oids(), model_.load_query})
      .text(0, 0);
}

void BatchDocuments::hold_tables(SnapshotSession& session) {
  std::string tables;
  for (const auto& source : model_.sources) tables += (tables.empty() ? "" : ", ") + source.relation;
  // From here on TRUNCATE waits for the end of the session. The catalog's row is the snapshot's, the function's answer that of now.
  auto& connection = session.connection();
  connection.run("LOCK TABLE " + tables + " IN ACCESS SHARE MODE");
  const auto rows = connection.run(
      "SELECT min(c.oid::regclass::text) FROM pg_class c"
      " WHERE c.oid IN (SELECT o FROM unnest($1::oid[]) o UNION SELECT p.relid FROM unnest($1::oid[]) o, pg_partition_tree(o) p)"
      " AND c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)",
      {source_oids()});
  if (rows.is_null(0, 0)) return;
  throw Error(Remedy::kAgain, "table " + rows.text(0, 0) + " was truncated or rewritten beside a batch");
}

void BatchDocuments::begin(const std::vector<SharedCommit>& commits) {
  outcomes_.clear();
  cursor_.emplace(commits);
}

bool BatchDocuments::next_chunk() {
  outcomes_.clear();
  for (auto& images : images_) images.clear();
  reader_.forget_shapes();
  const auto size = [&] {
    return std::accumulate(images_.begin(), images_.end(), outcomes_.size(),
                           [](std::size_t sum, const auto& images) { return sum + images.size(); });
  };
  while (size() < kChunkKeys) {
    const auto changes = cursor_->next(kChunkKeys);
    if (changes.empty()) break;
    naming_the_statement([&] { reader_.read(changes, outcomes_, images_); });
    // The next call would take away what these point into.
    if (cursor_->stored() && !outcomes_.empty()) break;
  }
  return size() > 0;
}

void BatchDocuments::write(SnapshotSession& session, Lanes& lanes, std::int64_t version,
                           const std::function<void()>& progress) {
  write_outcomes(session, lanes, version);
  progress();
  for (std::size_t number = 0; number < images_.size(); ++number) {
    if (images_[number].size() == 0) continue;
    find_affected_keys(session, model_.deltas[number], images_[number], static_cast<int>(kChunkKeys),
                       [&](std::vector<std::vector<std::string>> keys) {
                         write_affected(session, lanes, version, std::move(keys));
                         progress();
                       });
  }
}

void BatchDocuments::write_affected(SnapshotSession& session, Lanes& lanes, std::int64_t version,
                                    std::vector<std::vector<std::string>> keys) {
  // What was fetched on this snapshot once is right. Forgotten again when it grows large.
  if (outcomes_.size() > kChunkKeys) outcomes_.clear();
  ChangeReader::Outcomes wanted;
  for (auto& key : keys) {
    const auto id = reader_.id(key);
    if (outcomes_.contains(id)) continue;
    wanted[id].key = std::move(key);
  }
  fetch_all(session, lanes, version, wanted);
  outcomes_.merge(wanted);
}

void BatchDocuments::write_outcomes(SnapshotSession& session, Lanes& lanes, std::int64_t version) {
  std::vector<const ChangeReader::Outcomes::value_type*> wanted;
  for (const auto& entry : outcomes_) {
    const auto& [id, outcome] = entry;
    if (outcome.kind == Outcome::Kind::kFetch) {
      wanted.push_back(&entry);
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
    if (part.size() < kChunkKeys) continue;
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
  auto& connection = session.connection();
  const auto take = [&](const Result& rows) { append_rows(rows, lanes, version, missing); };
  // Of many keys one query: what it joins is read once.
  if (wanted.size() <= static_cast<std::size_t>(kFetchedRows)) {
    take(connection.run(model_.fetch_query, parameters));
  } else {
    read_in_parts(connection, "daas_fetched", model_.fetch_query, parameters, kFetchedRows, take);
  }
  for (const auto id : missing) {
    DocumentWriter::append_tombstone(lanes.body(id), id, version);
    lanes.added();
  }
}

void BatchDocuments::append_rows(const Result& rows, Lanes& lanes, std::int64_t version,
                                 std::unordered_set<std::string_view>& missing) {
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
                  reload_statement(model_.name) + " when each key has one row again, or "
                  "SELECT daas.alter_model('" + model_.name + "', key => …) with a unique key");
      error.set_log_text(what + "one key; daas.status() names it");
      throw error;
    }
    row_document_.append(lanes.body(id), fields, version);
    lanes.added();
  }
}

void BatchDocuments::check_shape(SnapshotSession& session) {
  naming_the_statement([&] { daas::check_shape(model_, session, plugin_); });
}

}  // namespace daas
