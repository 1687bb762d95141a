"""The reads of cases.py by postgrest for Python."""
from postgrest import SyncPostgrestClient
from postgrest.exceptions import APIError


def reads(client):
    def t(columns="id", **options):
        return client.from_("t").select(columns, **options)

    def ordered(query):
        return query.order("id")
    return {
        "select_all": lambda: ordered(t("*")).limit(3),
        "select_renamed": lambda: ordered(t("key:id, name")).limit(5),
        "select_cast": lambda: ordered(t("id::text")).limit(5),
        "eq": lambda: ordered(t().eq("name", "a b")),
        "eq_special": lambda: ordered(t().eq("name", "a,b")),
        "neq": lambda: ordered(t().neq("age", 7)),
        "gt": lambda: ordered(t().gt("big", 9007199254740992)),
        "gte": lambda: ordered(t().gte("price", 1.5)),
        "lt": lambda: ordered(t().lt("age", 0)),
        "lte": lambda: ordered(t().lte("at", "2024-01-01T00:00:00Z")),
        "like": lambda: ordered(t().like("name", "a%")),
        "ilike": lambda: ordered(t().ilike("name", "%AB%")),
        "like_all": lambda: ordered(t().like_all_of("name", "a%,%b")),
        "like_any": lambda: ordered(t().like_any_of("name", "a%,%b")),
        "ilike_any": lambda: ordered(t().ilike_any_of("name", "A%,%B")),
        "match_regex": lambda: ordered(t().filter("name", "match", "^a.b$")),
        "is_null": lambda: ordered(t().is_("name", None)),
        "is_true": lambda: ordered(t().is_("flag", True)),
        "in": lambda: ordered(t().in_("name", ["a,b", "(a)", "abc", "a b"])),
        "not_in": lambda: ordered(t().not_.in_("age", [0, 1, 2])),
        "contains": lambda: ordered(t().contains("nums", ["1"])),
        "contained_by": lambda: ordered(t().contained_by("nums", ["0", "1", "-1"])),
        "overlaps": lambda: ordered(t().overlaps("nums", ["1", "9007199254740993"])),
        "match": lambda: ordered(t().match({"age": 7, "flag": "true"})),
        "not": lambda: ordered(t().not_.is_("name", "null")),
        "or": lambda: ordered(t().or_("age.eq.7,and(flag.is.true,age.lt.0)")),
        "filter": lambda: ordered(t().filter("age", "gte", "5")),
        "order_desc": lambda: t().order("age", desc=True).order("id").limit(20),
        "order_nulls": lambda: t().order("age", nullsfirst=True).order("id").limit(60),
        "limit": lambda: ordered(t()).limit(7),
        "range": lambda: ordered(t()).range(10, 19),
        "single": lambda: t("id, age").eq("id", 5).single(),
        "maybe_single_none": lambda: t().eq("id", -5).maybe_single(),
        "single_none": lambda: t().eq("id", -5).single(),
        "count": lambda: ordered(t("id", count="exact").gt("age", 0)).limit(2),
        "head": lambda: t("id", count="exact", head=True).gt("age", 0),
        "csv": lambda: ordered(t("id,age,flag")).limit(5).csv(),
        "error_column": lambda: t("nope"),
        "error_value": lambda: t().eq("age", "x"),
        "error_table": lambda: client.from_("none").select("*"),
        "error_embed": lambda: t("id, other(*)"),
    }


def results(url):
    found = {}
    with SyncPostgrestClient(url) as client:
        for name, read in reads(client).items():
            try:
                answer = read().execute()
                found[name] = {"data": answer.data if answer is not None else None,
                               "count": answer.count if answer is not None else None, "error": None}
            except APIError as error:
                found[name] = {"data": None, "count": None, "error": error.code or error.message}
    return found
