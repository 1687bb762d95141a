-- What a user of daas writes. make demo shows it and runs it as the user demo.
SELECT daas.create_model('flights', $$ SELECT id, carrier, flight, tailnum, origin, dest,
    dep_delay, arr_delay, distance, time_hour FROM flights $$);
-- Joined: a document follows each of the five tables that make it.
SELECT daas.create_model('trips', $$ SELECT f.id, f.carrier, a.name AS airline, f.flight, f.tailnum,
    p.manufacturer, p.model, f.origin, o.name AS origin_name, f.dest, d.name AS dest_name,
    f.dep_delay, f.arr_delay, f.time_hour, w.temp, w.wind_speed, w.visib
  FROM flights f JOIN airlines a USING (carrier) LEFT JOIN planes p USING (tailnum)
    LEFT JOIN airports o ON o.faa = f.origin LEFT JOIN airports d ON d.faa = f.dest
    LEFT JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour $$);
-- Aggregated: a document for each carrier and day.
SELECT daas.create_model('carrier_days', $$ SELECT carrier, year, month, day, count(*) AS flights,
    round(avg(dep_delay), 1) AS mean_delay, max(dep_delay) AS worst_delay,
    (array_agg(flight ORDER BY dep_delay DESC NULLS LAST, id))[1] AS worst_flight
  FROM flights GROUP BY carrier, year, month, day $$);
SELECT daas.create_api('flights', scope => '{"origin": "airports"}');
SELECT daas.create_api('trips', scope => '{"origin": "airports"}');
SELECT daas.create_api('carrier_days', scope => '{}');
SELECT daas.create_account('ewr_desk', :'ewr_desk', claims => '{"airports": ["EWR"]}');
SELECT daas.create_account('all_airports', :'all_airports', claims => '{"airports": ["EWR", "JFK", "LGA"]}');
