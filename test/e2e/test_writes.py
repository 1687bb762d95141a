"""Writes through APIs: made in PostgreSQL within the token's scope, or not at all."""
import json

import pytest

SCOPE = '{"tenant": "tenants"}'


@pytest.fixture(scope="module")
def site(open_site):
    with open_site() as one:
        one.sql("CREATE TABLE item (id int PRIMARY KEY, tenant text, name text, amount numeric)")
        one.create_model("item", "SELECT * FROM item")
        one.sql("SELECT daas.create_api('item', scope => %s, writes => '{insert,update,delete}')", (SCOPE,))
        for name, claims in {"a": ["a"], "b": ["b"], "both": ["a", "b"]}.items():
            one.sql("SELECT daas.create_account(%s, 'secret', claims => %s)", (name, json.dumps({"tenants": claims})))
        one.indexer.start()
        one.assert_equal("item")
        one.tokens = {name: one.token(name, "secret") for name in ("a", "b", "both")}
        one.wait_for_api("item", 401)
        yield one


def read_after(site, answer, account, **parameters):
    read = site.api("item", site.tokens[account], {"Daas-Min-Position": answer.headers["Daas-Position"]}, **parameters)
    assert read.status_code == 200, read.text
    return read.json()


def test_an_insert_is_made_and_read_by_its_position(site):
    answer = site.write("POST", "item", site.tokens["a"], {"id": 1, "tenant": "a", "name": "one"})
    assert answer.status_code == 201 and answer.content == b"", answer.text
    assert site.sql("SELECT * FROM item") == [(1, "a", "one", None)]
    assert read_after(site, answer, "a", id="eq.1") == [{"id": 1, "tenant": "a", "name": "one", "amount": None}]
