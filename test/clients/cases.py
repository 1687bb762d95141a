"""What each read means, in SQL over table t; or the code of its error."""

ALL = "id, name, note, age, big, price, ratio, flag, at, day, uid, tags, nums, halves, flags, prices"
LIKE_A, LIKE_B = "name LIKE 'a%'", "name LIKE '%b'"

SQL = {
    "select_all": f"SELECT {ALL} FROM t ORDER BY t.id LIMIT 3",
    "select_renamed": "SELECT id AS key, name FROM t ORDER BY t.id LIMIT 5",
    "select_cast": "SELECT t.id::text AS id FROM t ORDER BY t.id LIMIT 5",
    "eq": "name = 'a b'", "eq_special": "name = 'a,b'", "neq": "age <> 7", "gt": "big > 9007199254740992", "gte": "price >= 1.5", "lt": "age < 0",
    "lte": "at <= '2024-01-01T00:00:00Z'", "like": LIKE_A, "ilike": "name ILIKE '%AB%' COLLATE \"C.utf8\"", "like_all": f"{LIKE_A} AND {LIKE_B}",
    "like_any": f"{LIKE_A} OR {LIKE_B}", "ilike_any": "name ILIKE 'A%' OR name ILIKE '%B'", "match_regex": "name ~ '^a.b$'", "is_null": "name IS NULL",
    "is_true": "flag IS TRUE", "in": "name IN ('a,b', '(a)', 'abc', 'a b')", "not_in": "age NOT IN (0, 1, 2)", "contains": "nums @> '{1}'",
    "contained_by": "nums <@ '{0,1,-1}'", "overlaps": "nums && '{1,9007199254740993}'", "match": "age = 7 AND flag", "not": "name IS NOT NULL",
    "or": "age = 7 OR (flag AND age < 0)", "filter": "age >= 5",
    "order_desc": "SELECT id FROM t ORDER BY age DESC, id LIMIT 20", "order_nulls": "SELECT id FROM t ORDER BY age NULLS FIRST, id LIMIT 60",
    "limit": "SELECT id FROM t ORDER BY id LIMIT 7", "range": "SELECT id FROM t ORDER BY id LIMIT 10 OFFSET 10",
    "single": "SELECT id, age FROM t WHERE id = 5", "count": "SELECT id FROM t WHERE age > 0 ORDER BY id LIMIT 2",
}
SQL = {name: text if text.startswith("SELECT") else f"SELECT id FROM t WHERE {text} ORDER BY id" for name, text in SQL.items()}
COUNTED = {"count": "SELECT count(*) FROM t WHERE age > 0", "head": "SELECT count(*) FROM t WHERE age > 0"}
ERRORS = {"error_column": "42703", "error_value": "22P02", "error_table": "PGRST205", "error_embed": "PGRST200", "single_none": "PGRST116"}
CSV = "SELECT string_agg(concat_ws(',', id, coalesce(age::text, ''), CASE flag WHEN true THEN 't' WHEN false THEN 'f' ELSE '' END), E'\\n' ORDER BY id) FROM (SELECT * FROM t ORDER BY id LIMIT 5) t"
