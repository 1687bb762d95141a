--liquibase formatted sql
-- The demo's tables: flights that left New York City in 2013, as in the data set nycflights13.
-- Owned by the user demo, who runs this.

--changeset daas:airlines
CREATE TABLE airlines (
  carrier  text PRIMARY KEY,
  name     text NOT NULL
);

--changeset daas:airports
CREATE TABLE airports (
  faa    text PRIMARY KEY,
  name   text NOT NULL,
  lat    double precision NOT NULL,
  lon    double precision NOT NULL,
  alt    integer NOT NULL,
  tz     integer,
  dst    text,
  tzone  text
);

--changeset daas:planes
CREATE TABLE planes (
  tailnum       text PRIMARY KEY,
  year          integer,
  type          text,
  manufacturer  text,
  model         text,
  engines       integer,
  seats         integer,
  speed         integer,
  engine        text
);

--changeset daas:weather
CREATE TABLE weather (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  origin      text NOT NULL,
  year        integer NOT NULL,
  month       integer NOT NULL,
  day         integer NOT NULL,
  hour        integer NOT NULL,
  temp        double precision,
  dewp        double precision,
  humid       double precision,
  wind_dir    integer,
  wind_speed  double precision,
  wind_gust   double precision,
  precip      double precision,
  pressure    double precision,
  visib       double precision,
  time_hour   timestamptz NOT NULL
);

--changeset daas:flights
CREATE TABLE flights (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  year            integer NOT NULL,
  month           integer NOT NULL,
  day             integer NOT NULL,
  dep_time        integer,
  sched_dep_time  integer NOT NULL,
  dep_delay       integer,
  arr_time        integer,
  sched_arr_time  integer NOT NULL,
  arr_delay       integer,
  -- No foreign keys to planes and airports: the data has tail numbers and airports that they lack.
  carrier         text NOT NULL REFERENCES airlines,
  flight          integer NOT NULL,
  tailnum         text,
  origin          text NOT NULL,
  dest            text NOT NULL,
  air_time        integer,
  distance        integer NOT NULL,
  hour            integer NOT NULL,
  minute          integer NOT NULL,
  time_hour       timestamptz NOT NULL
);
CREATE INDEX ON flights (carrier);
CREATE INDEX ON flights (tailnum);
CREATE INDEX ON flights (origin, time_hour);

--changeset daas:joined
-- What models over several tables need of these: an hour that is there once, and the old values of what rows are
-- joined and grouped by, which a replica identity puts into the WAL when they change.
ALTER TABLE weather ADD CONSTRAINT weather_hour UNIQUE (origin, time_hour);
ALTER TABLE weather REPLICA IDENTITY USING INDEX weather_hour;
CREATE UNIQUE INDEX flights_day ON flights (carrier, year, month, day, id);
ALTER TABLE flights REPLICA IDENTITY USING INDEX flights_day;
CREATE INDEX ON flights (dest);
