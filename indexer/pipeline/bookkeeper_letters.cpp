// The bookkeeper's part that keeps daas.refused_document.
#include "core/array_text.hpp"
#include "core/utf8.hpp"
#include "pipeline/bookkeeper.hpp"

namespace daas {

void Bookkeeper::add_letters(const std::string& model, const std::string& collection,
                             const std::map<std::string, LetterRecord>& letters) {
  std::vector<std::string> keys;
  std::vector<std::string> values;
  std::vector<std::string> versions;
  std::vector<std::string> positions;
  std::vector<std::string> errors;
  std::vector<std::string> documents;
  for (const auto& [key, letter] : letters) {
    keys.push_back(key);
    values.push_back(array_text(letter.key_values));
    versions.push_back(std::to_string(letter.version));
    positions.push_back(to_text(letter.position));
    errors.push_back(valid_utf8(letter.error));
    documents.push_back(letter.document.value_or(""));
  }
  change([&] {
    // Whoever drops the model may hold the generation's row, and this connection is everybody's.
    connection_.run("SET LOCAL lock_timeout = '2s'");
    connection_.run(
        "INSERT INTO daas.refused_document AS r (model, generation, key, key_values, version,"
        " position, error, document)"
        " SELECT g.model, g.number, l.key, l.key_values::text[], l.version, l.position, l.error,"
        " nullif(l.document, '')"
        " FROM daas.generation g, unnest($3::text[], $4::text[], $5::bigint[], $6::pg_lsn[],"
        " $7::text[], $8::text[]) AS l (key, key_values, version, position, error, document)"
        " WHERE g.model = $1 AND g.collection = $2"
        " ON CONFLICT (model, generation, hashtextextended(key, 0)) DO UPDATE"
        " SET key = excluded.key, key_values = excluded.key_values, version = excluded.version,"
        " position = excluded.position, attempts = r.attempts + 1, error = excluded.error,"
        " document = excluded.document, last_at = now(), retry = false"
        " WHERE excluded.version >= r.version",
        {model, collection, array_text(keys), array_text(values), array_text(versions),
         array_text(positions), array_text(errors), array_text(documents)});
  });
}

void Bookkeeper::remove_letters(const std::string& model, const std::string& collection,
                                const std::vector<std::string>& keys) {
  change([&] {
    connection_.run("SET LOCAL lock_timeout = '2s'");
    connection_.run(
        "DELETE FROM daas.refused_document r USING daas.generation g"
        " WHERE g.model = $1 AND g.collection = $2 AND r.model = g.model"
        " AND r.generation = g.number AND r.key = ANY ($3::text[])"
        " AND hashtextextended(r.key, 0) IN (SELECT hashtextextended(k, 0) FROM unnest($3::text[]) k)",
        {model, collection, array_text(keys)});
  });
}

std::map<std::string, std::int64_t> Bookkeeper::letters(const std::string& model,
                                                        const std::string& collection) {
  const std::lock_guard lock(mutex_);
  const auto rows = connection_.run(
      "SELECT r.key, r.version FROM daas.refused_document r"
      " JOIN daas.generation g ON g.model = r.model AND g.number = r.generation"
      " WHERE g.model = $1 AND g.collection = $2",
      {model, collection});
  std::map<std::string, std::int64_t> letters;
  for (int row = 0; row < rows.rows(); ++row) letters[rows.text(row, 0)] = rows.integer(row, 1);
  return letters;
}

std::map<std::string, std::vector<std::string>> Bookkeeper::letters_to_retry(
    const std::string& model) {
  const std::lock_guard lock(mutex_);
  // A key that two generations lack is one document.
  const auto rows = connection_.run(
      "SELECT l.key, v.value FROM (SELECT DISTINCT ON (key) key, key_values"
      "    FROM daas.refused_document WHERE retry AND model = $1 ORDER BY key, generation DESC) l,"
      "  unnest(l.key_values) WITH ORDINALITY AS v (value, part) ORDER BY l.key, v.part",
      {model});
  std::map<std::string, std::vector<std::string>> keys;
  for (int row = 0; row < rows.rows(); ++row) {
    keys[rows.text(row, 0)].push_back(rows.text(row, 1));
  }
  return keys;
}

std::vector<std::string> Bookkeeper::models_to_retry() {
  const std::lock_guard lock(mutex_);
  const auto rows =
      connection_.run("SELECT DISTINCT model FROM daas.refused_document WHERE retry ORDER BY 1");
  std::vector<std::string> models;
  for (int row = 0; row < rows.rows(); ++row) models.push_back(rows.text(row, 0));
  return models;
}

}  // namespace daas
