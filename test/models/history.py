"""What every table held at any snapshot, and so what a query was there.

Row triggers write each version of a row to a history table, with the transactions that made and ended it. A snapshot
that the daemon logged is then evaluated as PostgreSQL does it: in a session of its own the rows that the snapshot sees
go into temporary tables of the same shape, and the query's text runs on those.
"""
from harness.site import document_id, key_text, quoted

SCHEMA = "model_history"


def start(connection, tables):
    """Records the tables from now on; they are empty."""
    connection.execute(f"CREATE SCHEMA {SCHEMA}")
    connection.execute(f"CREATE TABLE {SCHEMA}.truncation (ended xid8 NOT NULL)")
    for table in tables:
        for statement in _recorder(table):
            connection.execute(statement)


def stop(connection):
    connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")


def _recorder(table):
    names = [column.name for column in table.columns]
    stored = f"{SCHEMA}.t{table.number}"
    columns = ", ".join(names)

    def row(name):
        return ", ".join(f"{name}.{column}" for column in names)
    # Of versions that look the same any one may end.
    end = (f"UPDATE {stored} h SET ended = pg_current_xact_id() WHERE h.number = (SELECT min(o.number) FROM {stored} o"
           f" WHERE o.ended IS NULL AND o.image = md5(ROW({row('OLD')})::text))")
    yield (f"CREATE TABLE {stored} (number bigserial PRIMARY KEY, made xid8 NOT NULL, ended xid8, image text NOT NULL, "
           + ", ".join(f"{column.name} {column.type}" for column in table.columns) + ")")
    yield f"CREATE INDEX ON {stored} (image) WHERE ended IS NULL"
    yield f"""CREATE FUNCTION {stored}_row() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
      IF TG_OP <> 'INSERT' THEN {end}; END IF;
      IF TG_OP <> 'DELETE' THEN
        INSERT INTO {stored} (made, image, {columns})
          VALUES (pg_current_xact_id(), md5(ROW({row('NEW')})::text), {row('NEW')});
      END IF;
      RETURN NULL;
    END $f$"""
    yield f"CREATE TRIGGER history AFTER INSERT OR UPDATE OR DELETE ON {table.path} FOR EACH ROW EXECUTE FUNCTION {stored}_row()"
    # Of all that is there: writers hold a lock that excludes others when this runs.
    yield f"""CREATE FUNCTION {stored}_all() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
      UPDATE {stored} SET ended = pg_current_xact_id() WHERE ended IS NULL;
      INSERT INTO {SCHEMA}.truncation VALUES (pg_current_xact_id());
      RETURN NULL;
    END $f$"""
    yield (f"CREATE TRIGGER history_all BEFORE TRUNCATE ON {table.path} FOR EACH STATEMENT"
           f" EXECUTE FUNCTION {stored}_all()")


class Past:
    """One session in which the past is looked at. Not thread-safe."""

    def __init__(self, connection, tables, views):
        """views: (name, text) of views that queries may name, in the order in which they build on each other."""
        self.connection, self.tables = connection, tables
        connection.execute("SET search_path = pg_temp, public")
        for table in tables:
            connection.execute(f"CREATE TEMPORARY TABLE {table.name} (LIKE {table.path} INCLUDING ALL)"
                               " ON COMMIT DELETE ROWS")
        for name, text in views:
            connection.execute(f"CREATE TEMPORARY VIEW {name} AS {self.text(text)}")

    def text(self, template):
        for table in self.tables:
            template = template.replace(table.token, f"pg_temp.{table.name}")
        return template

    def documents(self, snapshot, template, key):
        """Document texts by id, as the query was at the snapshot. key: pairs of column name and type."""
        parts = ", ".join(f"format('%s', e2e_row.{quoted(name)})" for name, _ in key)
        with self.connection.transaction():
            for table in self.tables:
                names = ", ".join(column.name for column in table.stored)
                self.connection.execute(
                    f"INSERT INTO pg_temp.{table.name} ({names}) SELECT {names} FROM {SCHEMA}.t{table.number}"
                    " WHERE pg_visible_in_snapshot(made, %(s)s::pg_snapshot)"
                    " AND NOT coalesce(pg_visible_in_snapshot(ended, %(s)s::pg_snapshot), false)", {"s": snapshot})
            rows = self.connection.execute(
                f"SELECT ARRAY[{parts}], row_to_json(e2e_row.*)::text FROM ({self.text(template)}) e2e_row").fetchall()
        found = {document_id([key_text(kind, text) for (_, kind), text in zip(key, texts)]): document
                 for texts, document in rows}
        assert len(found) == len(rows), "two rows have one key"
        return found

    def truncated_after(self, snapshot):
        """Whether a table was truncated by a transaction that the snapshot does not see: rows that a TRUNCATE removes
        are gone for older snapshots, too (PostgreSQL's documentation, MVCC caveats)."""
        return self.connection.execute(
            f"SELECT EXISTS (SELECT FROM {SCHEMA}.truncation"
            " WHERE NOT pg_visible_in_snapshot(ended, %s::pg_snapshot))", (snapshot,)).fetchone()[0]
