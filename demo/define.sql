-- What a user of daas writes. make demo shows it and runs it as the user demo.
SELECT daas.create_model('flights', $$ SELECT id, carrier, flight, tailnum, origin, dest,
    dep_delay, arr_delay, distance, time_hour FROM flights $$);
SELECT daas.create_api('flights', scope => '{"origin": "airports"}');
SELECT daas.create_account('ewr_desk', :'ewr_desk', claims => '{"airports": ["EWR"]}');
SELECT daas.create_account('all_airports', :'all_airports', claims => '{"airports": ["EWR", "JFK", "LGA"]}');
