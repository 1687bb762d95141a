"""Full text: the words that PostgreSQL's text search finds, in columns that a model declares, with what was found shown."""
import random

import psycopg
import pytest

from harness.waiting import NotYet, wait_for

WORDS = ["fox", "foxes", "Fox", "running", "runs", "run", "quick", "quickly", "the", "of", "and", "house", "houses", "organization", "general",
         "generalization", "relational", "Straße", "ändern", "été", "日本", "x1", "42"]
RARE = ["a,b", "foo-bar", "<b>bold</b>", "\"quoted\"", "*", "back\\slash", "{!term f=id v=1}", "_query_:x", "${scope}", "tab\tnew\nline", "'"]
LANGUAGES = {"title": "simple", "body": "english"}


@pytest.fixture(scope="module")
def site(open_site):
    rng = random.Random(7)
    with open_site() as one:
        one.sql("CREATE TABLE t (id int PRIMARY KEY, title text, body varchar(5000), plain text, grp int)")
        with one.connect() as connection, connection.cursor() as cursor:
            cursor.executemany("INSERT INTO t VALUES (%s, %s, %s, %s, %s)", [
                (number, None if rng.random() < 0.1 else " ".join(rng.choices(WORDS, k=rng.randint(0, 5))),
                 None if rng.random() < 0.1 else " ".join(rng.choices(WORDS, k=rng.randint(0, 9))), "fox", number % 3) for number in range(300)])
        one.sql("INSERT INTO t SELECT 1000 + i, w, w, w, 0 FROM unnest(%s::text[]) WITH ORDINALITY u (w, i)", (RARE,))
        one.create_model("t", "SELECT * FROM t", options={"text": LANGUAGES})
        one.sql("SELECT daas.create_api('t', public => true)")
        one.sql("SELECT daas.create_api('scoped', 't', scope => '{\"grp\": \"groups\"}', fields => '{id,title}')")
        one.sql("SELECT daas.create_account('one', 'secret', claims => '{\"groups\": [1]}')")
        one.indexer.start()
        one.assert_equal("t")
        one.wait_for_api("t")
        yield one


def found(site, path="t", token=None, **parameters):
    answer = site.api(path, token, select="id", **parameters)
    assert answer.status_code == 200, answer.text
    return sorted(row["id"] for row in answer.json())


def means(site, condition, values):
    return [row[0] for row in site.sql(f"SELECT id FROM t WHERE {condition} AND id < 1000 ORDER BY id", values)]


FUNCTIONS = {"fts": "to_tsquery", "plfts": "plainto_tsquery", "phfts": "phraseto_tsquery", "wfts": "websearch_to_tsquery"}


def some_query(rng, name):
    words = [rng.choice(WORDS) for _ in range(rng.randint(1, 3))]
    if name == "plfts":
        return " ".join(words)
    if name == "phfts":
        # Of stop words PostgreSQL keeps the distance, Solr's phrase the place: the same unless they stand at the ends.
        return " ".join(word for word in words if word not in ("the", "of", "and")) or "fox"
    if name == "wfts":
        words = [("-" if rng.random() < 0.2 else "") + (f'"{word}"' if rng.random() < 0.2 else word) for word in words if word not in ("the", "of", "and")]
        return (" or " if rng.random() < 0.3 else " ").join(words) or "fox"

    def tree(depth):
        if depth == 0 or rng.random() < 0.4:
            word = rng.choice([word for word in WORDS if word not in ("the", "of", "and")])
            return ("!" if rng.random() < 0.2 else "") + (f"'{word}'" if rng.random() < 0.3 else word)
        inner = rng.choice([" & ", "|"]).join(tree(depth - 1) for _ in range(2))
        return ("!" if rng.random() < 0.2 else "") + f"({inner})"
    return tree(2)


def test_random_searches_find_what_postgresql_finds(site, rng):
    different = []
    for _ in range(250):
        column, name = rng.choice(list(LANGUAGES)), rng.choice(list(FUNCTIONS))
        text, negated, language = some_query(rng, name), rng.random() < 0.2, LANGUAGES[column]
        spoken = f"({language})" if rng.random() < 0.5 else ""
        seen = [number for number in found(site, **{column: f"{'not.' if negated else ''}{name}{spoken}.{text}"}) if number < 1000]
        expected = means(site, f"{'NOT' if negated else ''} (to_tsvector('{language}', {column}) @@ {FUNCTIONS[name]}('{language}', %s))", (text,))
        if seen != expected:
            different.append((column, name, negated, text, len(seen), len(expected)))
    assert not different


def test_stop_words_among_others_are_passed_over(site):
    for text in ("the fox", "fox & of", "the & fox"):
        name = "fts" if "&" in text else "plfts"
        assert found(site, body=f"{name}.{text}") == found(site, body="plfts.fox") != []
    assert found(site, body="plfts.the") == []


def test_a_prefix_finds_words_that_begin_so(site):
    assert found(site, title="fts.fo:*") == sorted(
        number for number, text in site.sql("SELECT id, title FROM t WHERE title IS NOT NULL") if any(
            word.startswith("fo") for word in text.lower().replace("-", " ").replace(",", " ").split()))
    assert found(site, title="fts.*:*") == []


def test_a_search_goes_over_all_texts_and_may_find_its_words_in_several(site):
    assert found(site, _q="houses fox") == sorted(row[0] for row in site.sql(
        "SELECT id FROM t WHERE (to_tsvector('simple', coalesce(title, '')) @@ 'fox' OR to_tsvector('english', coalesce(body, '')) @@ to_tsquery('english', 'fox'))"
        " AND (to_tsvector('simple', coalesce(title, '')) @@ 'houses' OR to_tsvector('english', coalesce(body, '')) @@ to_tsquery('english', 'houses'))"))
    assert found(site, _q="") == found(site), "an empty box asks for nothing"
    assert found(site, _q="fox -house", id="lt.50") == [number for number in found(site, _q="fox -house") if number < 50]


def test_a_search_stays_in_its_scope_and_in_the_apis_columns(site):
    token = site.token("one", "secret")
    everything = site.sql("SELECT id FROM t WHERE grp = 1 AND to_tsvector('simple', title) @@ 'fox' ORDER BY id")
    assert found(site, "scoped", token, _q="fox") == [row[0] for row in everything]
    assert site.api("scoped", token, body="plfts.fox").status_code == 400
    assert site.api("scoped", token, _q="fox", _highlight="body").status_code == 400


def test_what_was_found_is_shown_with_its_markup_escaped(site):
    rows = site.api("t", _q="bold", _highlight="title,body", select="id").json()
    marked = "&lt;b&gt;<mark>bold</mark>&lt;&#x2F;b&gt;"
    assert rows == [{"id": 1003, "_highlight": {"title": [marked], "body": [marked]}}]
    rows = site.api("t", title="plfts.fox", _highlight="title,body", id="lt.20").json()
    for row in rows:
        shown = row["_highlight"]
        assert shown["body"] == [] and shown["title"] == [row["title"].replace("Fox", "<mark>Fox</mark>").replace(
            "fox", "<mark>fox</mark>").replace("<mark>fox</mark>es", "foxes")]
    assert rows
    one = site.api("t", id=f"eq.{rows[0]['id']}", _q="fox", _highlight="title", headers={"Accept": "application/vnd.pgrst.object+json"})
    assert one.json()["_highlight"]["title"] == rows[0]["_highlight"]["title"]
    lines = site.api("t", _q="fox", _highlight="title", select="id", limit=2, order="id", headers={"Accept": "application/x-ndjson"})
    assert len(lines.text.splitlines()) == 2 and lines.text.count("_highlight") == 2


@pytest.mark.parametrize("word", RARE)
def test_hostile_words_are_words(site, word):
    for name in ("plfts", "phfts", "wfts"):
        answer = site.api("t", body=f"{name}.{word}", select="id")
        assert answer.status_code == 200, answer.text
        assert len(answer.json()) <= 2, "never everything"
    assert site.api("t", _q=word, _highlight="title,body").status_code == 200


@pytest.mark.parametrize("parameters, words", [
    ({"plain": "fts.fox"}, "not declared as text"), ({"id": "plfts.fox"}, "not declared as text"), ({"body": "fts(german).fox"}, "in the language english"),
    ({"body": "fts().fox"}, "failed to parse"), ({"body": "fts(any).fox"}, "in the language english"), ({"body": "fts.fox fox"}, "syntax error in tsquery"),
    ({"body": "fts."}, "syntax error in tsquery"), ({"body": "fts.!"}, "syntax error in tsquery"), ({"body": "fts.(fox"}, "syntax error in tsquery"),
    ({"body": "fts.fox:A"}, "syntax error in tsquery"), ({"body": "fts.fox<2>fox"}, "syntax error in tsquery"), ({"body": "fts.'fox"}, "syntax error in tsquery"),
    ({"body": "fts." + "!" * 30 + "fox"}, "16 levels"), ({"body": "fts." + "(" * 30 + "fox" + ")" * 30}, "16 levels"),
    ({"body": "fts." + "|".join(["fox"] * 101)}, "100 parts"), ({"_q": "fox " * 101}, "100 parts"), ({"_q": "x" * 2049}, "2,048"),
    ({"_highlight": "title"}, "nothing to highlight"), ({"title": "not.plfts.fox", "_highlight": "title"}, "nothing to highlight"),
    ({"_q": "fox", "_highlight": "plain"}, "not declared as text"), ({"_q": "fox", "_highlight": "nope"}, "does not exist"),
    ({"_q": "fox", "_highlight": "title", "select": "_highlight:id"}, "selected twice"),
])
def test_what_cant_be_searched_is_refused_with_the_reason(site, parameters, words):
    answer = site.api("t", **parameters)
    assert answer.status_code == 400 and words in answer.text, answer.text


def test_a_text_that_changes_is_found_by_its_new_words(site):
    site.sql("UPDATE t SET body = 'unheard zebras' WHERE id = 1")
    after = site.value("SELECT pg_current_wal_insert_lsn()::text")
    answer = site.api("t", body="plfts.zebra", select="id", headers={"Daas-Min-Position": after})
    assert answer.json() == [{"id": 1}]


def test_the_option_is_checked_and_a_new_one_loads_the_model_anew(site):
    for option, words in (('["title"]', "must be a JSON object"), ('{"title": "klingon"}', "can't be searched in the language"), ('{"title": 1}', "can't be searched"),
                          ('{"id": "simple"}', "no text column"), ('{"nope": "simple"}', "no text column")):
        with pytest.raises(psycopg.Error, match=words):
            site.sql("SELECT daas.alter_model('t', options => jsonb_build_object('text', %s::jsonb))", (option,))
    site.sql("SELECT daas.alter_model('t', options => '{\"text\": {\"plain\": \"german\"}}')")

    def searchable():
        answer = site.api("t", plain="plfts.fox", limit=1)
        if answer.status_code != 200:
            raise NotYet(answer.text)
        return True
    wait_for(searchable, 30, "the new column can be searched")
    assert site.api("t", body="plfts.fox").status_code == 400
    site.assert_equal("t")
