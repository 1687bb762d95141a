"""A site whose APIs allow writes, and how its tests write and judge."""
import json

from .site import BESIDE_PGOUTPUT
from .waiting import wait_for

SCOPE = '{"tenant": "tenants"}'
ALL = "{insert,update,delete}"
RETURNED = {"Prefer": "return=representation"}
MERGE = {"Prefer": "resolution=merge-duplicates,return=representation"}
IGNORE = {"Prefer": "resolution=ignore-duplicates,return=representation"}


def open_items(one):
    """Defines tables, models, APIs and accounts in a new site, and starts its daemon."""
    one.sql("""CREATE TYPE mood AS ENUM ('glad', 'sad');
               CREATE DOMAIN small AS int CHECK (VALUE < 100);
               CREATE TABLE owner (id int PRIMARY KEY);
               INSERT INTO owner VALUES (1), (2);
               CREATE TABLE item (
                 id bigint PRIMARY KEY, tenant text, title text DEFAULT 'untitled', amount numeric, big bigint, ratio float8,
                 ok boolean, at timestamptz, day date, uid uuid, tags text[], nums int[], doc jsonb, raw json, feeling mood, little small,
                 short varchar(5), code char(4), span interval, bytes bytea, net inet, owner int REFERENCES owner,
                 secret text UNIQUE, needed text NOT NULL DEFAULT 'x', doubled numeric GENERATED ALWAYS AS (amount * 2) STORED,
                 CHECK (amount <> 13), CHECK (secret IS NULL OR needed <> 'never'))""")
    one.create_model("item", "SELECT id, tenant, title AS name, amount, big, ratio, ok, at, day, uid, tags, nums, doc, raw, feeling, little,"
                             " short, code, span, bytes, net, owner, secret, doubled FROM item", options=BESIDE_PGOUTPUT)
    fields = "{id,tenant,name,amount,big,ratio,ok,at,day,uid,tags,nums,doc,raw,feeling,little,short,code,span,bytes,net,owner,doubled}"
    one.sql("SELECT daas.create_api('item', fields => %s, scope => %s, writes => %s)", (fields, SCOPE, ALL))
    one.sql("SELECT daas.create_api('item_all', 'item', scope => '{}', writes => '{insert}')")
    one.sql("SELECT daas.create_api('item_read', 'item', fields => '{id}', scope => %s)", (SCOPE,))
    one.sql("SELECT daas.create_api('item_name', 'item', fields => '{id,name}', scope => %s, writes => %s)", (SCOPE, ALL))
    one.sql("""CREATE TABLE note (id serial PRIMARY KEY, tenant text DEFAULT current_setting('request.jwt.claims')::json ->> 'tenants',
                                  text text, seen int DEFAULT 7);
               CREATE TABLE log (tenant text);
               CREATE FUNCTION note_before() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                 IF NEW.text = 'move' THEN NEW.tenant := 'b'; END IF;
                 IF NEW.text = 'skip' THEN RETURN NULL; END IF;
                 IF NEW.text = 'raise' THEN RAISE EXCEPTION 'no such text' USING DETAIL = 'say another', HINT = 'as this'; END IF;
                 IF NEW.text = 'break' THEN INSERT INTO log VALUES (1); END IF;
                 NEW.text := upper(NEW.text);
                 RETURN NEW; END $$;
               CREATE TRIGGER note_before BEFORE INSERT OR UPDATE ON note FOR EACH ROW EXECUTE FUNCTION note_before()""")
    one.create_model("note", "SELECT * FROM note")
    one.sql("SELECT daas.create_api('note', scope => %s, writes => %s)", (SCOPE, ALL))
    one.sql("""CREATE TABLE part (id int, region int, v text, PRIMARY KEY (region, id)) PARTITION BY LIST (region);
               CREATE TABLE part_1 PARTITION OF part FOR VALUES IN (1);
               CREATE TABLE part_2 PARTITION OF part FOR VALUES IN (2)""")
    one.create_model("part", "SELECT * FROM part", options=BESIDE_PGOUTPUT)
    one.sql("SELECT daas.create_api('part', scope => '{\"region\": \"regions\"}', writes => %s)", (ALL,))
    for name, claims in {"a": {"tenants": "a", "regions": [1]}, "b": {"tenants": "b"}, "both": {"tenants": ["a", "b"], "regions": [1, 2]},
                         "none": {}}.items():
        one.sql("SELECT daas.create_account(%s, 'secret', claims => %s)", (name, json.dumps(claims)))
    one.indexer.start()
    for model in one.queries:
        one.assert_equal(model)
    one.tokens = {name: one.token(name, "secret") for name in ("a", "b", "both", "none")}
    wait_for(lambda: one.api("part", one.tokens["a"]).status_code == 200, 20, "the last API is known")


def fill_items(site):
    """Rows 1 and 2 are a's, 3 is b's, 4 is nobody's."""
    site.sql("DELETE FROM item; DELETE FROM note; DELETE FROM part; DELETE FROM log")
    site.sql("INSERT INTO item (id, tenant, title, amount, secret) VALUES (1, 'a', 'one', 1, 's1'), (2, 'a', 'two', 2, 's2'),"
             " (3, 'b', 'three', 3, 's3'), (4, NULL, 'four', 4, 's4')")


def write(site, method, account="a", path="item", body=None, headers=None, **parameters):
    return site.write(method, path, site.tokens[account], body, headers, **parameters)


def done(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def refused(answer, status, code, naming=""):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert set(answer.json()) == {"code", "message", "details", "hint"}
    assert naming in answer.text and "Daas-Position" not in answer.headers, answer.text


def ids(site):
    return [row[0] for row in site.sql("SELECT id FROM item ORDER BY id")]


def state(site):
    return site.sql("SELECT i::text FROM item i ORDER BY id")


def read_after(site, answer, account="a", path="item", **parameters):
    read = site.api(path, site.tokens[account], {"Daas-Min-Position": answer.headers["Daas-Position"]}, **parameters)
    assert read.status_code == 200, read.text
    return read
