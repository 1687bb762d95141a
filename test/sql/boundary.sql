-- C++ exceptions and PostgreSQL's errors cross the boundary only as each other, with SQLSTATE, detail and hint.
CREATE FUNCTION boundary_fail(text) RETURNS void LANGUAGE c STRICT AS 'daas_boundary_probe';
CREATE FUNCTION boundary_living() RETURNS int LANGUAGE c STRICT AS 'daas_boundary_probe';
CREATE FUNCTION failure(kind text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  state text; message text; detail text; hint text;
BEGIN
  PERFORM boundary_fail(kind);
  RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
                          hint = PG_EXCEPTION_HINT;
  RETURN concat_ws(' | ', state, CASE WHEN length(message) > 100 THEN left(message, 5) || '…' || length(message) ELSE message END,
                   nullif(detail, ''), nullif(hint, ''));
END
$$;
SELECT kind, failure(kind)
  FROM unnest('{none,runtime_error,bad_alloc,int,sql_error,long_message,ereport,rethrown}'::text[]) kind;
-- Uncaught, they end the transaction and nothing else.
BEGIN;
SELECT boundary_fail('ereport');
SELECT 1;
ROLLBACK;
SELECT boundary_fail('int');
-- Every destructor ran, also over ten thousand failures.
SELECT count(DISTINCT failure(kind || left(n::text, 0))) AS kinds, boundary_living() AS living
  FROM generate_series(1, 5000) n, unnest('{runtime_error,ereport}'::text[]) kind;
SELECT boundary_living() AS living;
DROP FUNCTION boundary_fail, boundary_living, failure;
