"""The writes of write_cases.py by postgrest for Python."""
from postgrest import SyncPostgrestClient
from postgrest.exceptions import APIError
from postgrest.types import CountMethod, ReturnMethod

MINIMAL = ReturnMethod.minimal


def writes(client):
    def t():
        return client.from_("w_py")

    def row(key, **values):
        return {"id": key, "tenant": "a"} | values
    return {
        "insert": lambda: t().insert(row(10, name="ten"), returning=MINIMAL),
        "insert_select": lambda: t().insert(row(11, name='e\'l"\\ü😀', tags=["x", "y z"], doc={"k": [1, None]}, price=1.5)),
        "insert_many": lambda: t().insert([row(12, name="twelve", age=1), row(13, name=None, age=2)]).select("id", "name", "age"),
        "insert_many_null": lambda: t().insert([row(14), row(15, age=3)]).select("id", "age"),
        "insert_many_default": lambda: t().insert([row(17, age=3), row(16)], default_to_null=False).select("id", "age"),
        "insert_count": lambda: t().insert([row(18), row(19)], count=CountMethod.exact, returning=MINIMAL),
        "insert_duplicate": lambda: t().insert(row(10)),
        "insert_foreign": lambda: t().insert({"id": 50, "tenant": "b"}),
        "insert_check": lambda: t().insert(row(50, age=1000)),
        "insert_column": lambda: t().insert(row(50, nope=1)),
        "insert_half": lambda: t().insert([row(50), row(10)]),
        "upsert": lambda: t().upsert([row(10, name="ten again"), row(20, name="twenty")]).select("id", "name"),
        "upsert_one": lambda: t().upsert(row(10, age=5), returning=MINIMAL),
        "upsert_ignore": lambda: t().upsert([row(10, name="no"), row(21, name="yes")], ignore_duplicates=True).select("id", "name"),
        "upsert_on_conflict": lambda: t().upsert(row(22, name="yes", age=9), on_conflict="name").select("id", "name", "age"),
        "upsert_foreign": lambda: t().upsert(row(100, name="mine")),
        "update": lambda: t().update({"age": 8}, returning=MINIMAL).eq("id", 1),
        "update_select": lambda: t().update({"name": None, "big": 9007199254740991, "tags": []}).in_("id", [1, 2]).select("id", "name", "big", "tags"),
        "update_filters": lambda: t().update({"price": -0.5}).or_("age.gt.5,name.like.t%").not_.eq("id", 3).select("id", "price"),
        "update_all_of_scope": lambda: t().update({"price": 1}, returning=MINIMAL).not_.is_("id", "null"),
        "update_single": lambda: t().update({"age": 9}).eq("id", 3).select("id", "age").single(),
        "update_single_many": lambda: t().update({"age": 9}).gt("id", 0).single(),
        "update_none": lambda: t().update({"age": 9}).eq("id", 100).select("id"),
        "update_count": lambda: t().update({"age": 10}, count=CountMethod.exact, returning=MINIMAL).in_("id", [1, 2, 100]),
        "update_foreign": lambda: t().update({"tenant": "b"}).eq("id", 1),
        "update_without_filter": lambda: t().update({"age": 9}),
        "update_rollback": None,
        "delete": lambda: t().delete(returning=MINIMAL).eq("id", 12),
        "delete_select": lambda: t().delete().in_("id", [13, 14, 100]).select("id", "age"),
        "delete_overlaps": lambda: t().delete().overlaps("tags", ["x"]).select("id"),
        "delete_without_filter": lambda: t().delete(),
    }


def results(url, token):
    found = {}
    with SyncPostgrestClient(url, headers={"Authorization": "Bearer " + token}) as client:
        for name, make in writes(client).items():
            if make is None:
                continue
            try:
                answer = make().execute()
                found[name] = {"data": answer.data, "count": answer.count, "error": None}
            except APIError as error:
                found[name] = {"data": None, "count": None, "error": error.code or error.message}
    return found
