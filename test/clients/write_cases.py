"""What each write means, in SQL over a twin of table w; or the code of its error, and then it changes nothing.

In the order in which they are made: each stands on those before it. A statement without RETURNING is answered
with no rows.
"""

DEFINITION = ("(id int PRIMARY KEY, tenant text DEFAULT 'a', name text UNIQUE, age int DEFAULT 7, big bigint, price numeric,"
              " tags text[], doc jsonb, CHECK (age < 1000))")
FILL = "INSERT INTO {t} (id, tenant, name) VALUES (1, 'a', 'one'), (2, 'a', 'two'), (3, 'a', 'three'), (100, 'b', 'other')"
SCOPE = "tenant = 'a'"
ALL = "id, tenant, name, age, big, price, tags, doc"

WRITES = {
    "insert": "INSERT INTO {t} (id, tenant, name) VALUES (10, 'a', 'ten')",
    "insert_select": "INSERT INTO {t} (id, tenant, name, tags, doc, price) VALUES (11, 'a', 'e''l\"\\ü😀', '{{x,\"y z\"}}', '{{\"k\": [1, null]}}', 1.5)"
                     f" RETURNING {ALL}",
    "insert_many": "INSERT INTO {t} (id, tenant, name, age) VALUES (12, 'a', 'twelve', 1), (13, 'a', NULL, 2) RETURNING id, name, age",
    "insert_many_null": "INSERT INTO {t} (id, tenant, age) VALUES (14, 'a', NULL), (15, 'a', 3) RETURNING id, age",
    "insert_many_default": "INSERT INTO {t} (id, tenant, age) VALUES (17, 'a', 3), (16, 'a', DEFAULT) RETURNING id, age",
    "insert_count": "INSERT INTO {t} (id, tenant) VALUES (18, 'a'), (19, 'a')",
    "insert_duplicate": "23505",
    "insert_foreign": "42501",
    "insert_check": "23514",
    "insert_column": "PGRST204",
    "insert_half": "23505",
    "upsert": "INSERT INTO {t} (id, tenant, name) VALUES (10, 'a', 'ten again'), (20, 'a', 'twenty')"
              " ON CONFLICT (id) DO UPDATE SET tenant = EXCLUDED.tenant, name = EXCLUDED.name RETURNING id, name",
    "upsert_one": "INSERT INTO {t} (id, tenant, age) VALUES (10, 'a', 5) ON CONFLICT (id) DO UPDATE SET tenant = EXCLUDED.tenant, age = EXCLUDED.age",
    "upsert_ignore": "INSERT INTO {t} (id, tenant, name) VALUES (10, 'a', 'no'), (21, 'a', 'yes') ON CONFLICT (id) DO NOTHING RETURNING id, name",
    "upsert_on_conflict": "INSERT INTO {t} (id, tenant, name, age) VALUES (22, 'a', 'yes', 9)"
                          " ON CONFLICT (name) DO UPDATE SET id = EXCLUDED.id, tenant = EXCLUDED.tenant, age = EXCLUDED.age RETURNING id, name, age",
    "upsert_foreign": "23505",
    "update": f"UPDATE {{t}} SET age = 8 WHERE {SCOPE} AND id = 1",
    "update_select": f"UPDATE {{t}} SET name = NULL, big = 9007199254740991, tags = '{{{{}}}}' WHERE {SCOPE} AND id IN (1, 2) RETURNING id, name, big, tags",
    "update_filters": f"UPDATE {{t}} SET price = -0.5 WHERE {SCOPE} AND (age > 5 OR name LIKE 't%') AND NOT id = 3 RETURNING id, price",
    "update_all_of_scope": f"UPDATE {{t}} SET price = 1 WHERE {SCOPE} AND id IS NOT NULL",
    "update_single": f"UPDATE {{t}} SET age = 9 WHERE {SCOPE} AND id = 3 RETURNING id, age",
    "update_single_many": "PGRST116",
    "update_none": f"UPDATE {{t}} SET age = 9 WHERE {SCOPE} AND id = 100 RETURNING id",
    "update_count": f"UPDATE {{t}} SET age = 10 WHERE {SCOPE} AND id IN (1, 2, 100)",
    "update_foreign": "42501",
    "update_without_filter": "21000",
    "update_rollback": "",
    "delete": f"DELETE FROM {{t}} WHERE {SCOPE} AND id = 12",
    "delete_select": f"DELETE FROM {{t}} WHERE {SCOPE} AND id IN (13, 14, 100) RETURNING id, age",
    "delete_overlaps": f"DELETE FROM {{t}} WHERE {SCOPE} AND tags && '{{{{x}}}}' RETURNING id",
    "delete_without_filter": "21000",
}
COUNTED = {"insert_count": 2, "update_count": 2}
SINGLE = {"update_single"}
# Errors that PostgreSQL gives, and those of the dialect.
ERRORS = {name: code for name, code in WRITES.items() if len(code) in (5, 8) and code.isalnum()}
