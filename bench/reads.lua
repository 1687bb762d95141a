-- Requests of bench/reads.py: wrk … -s reads.lua URL -- TEMPLATE FLIGHTS IDS KINDS FIRST DELAY_MS [HEADER VALUE]
--
-- TEMPLATE   path and query, in which {flight} and {id} are replaced
-- FLIGHTS    what the first is replaced by, with commas between
-- IDS        the second is up to this; coprime to the number of flights, so that no pair of values comes
--            back before all have been
-- KINDS      0: no request is made twice; N: N of them in turns
-- FIRST      number of the first request: what another run had is not asked again
-- DELAY_MS   mean of the pause before a request, exponentially distributed; 0: none
--
-- Prints one line of JSON at the end.

local flights, kept = {}, {}

function init(arguments)
  template, ids, kinds = arguments[1], tonumber(arguments[3]), tonumber(arguments[4])
  number, pause = tonumber(arguments[5]), tonumber(arguments[6])
  for flight in arguments[2]:gmatch("%d+") do flights[#flights + 1] = flight end
  if arguments[7] then wrk.headers[arguments[7]] = arguments[8] end
  math.randomseed(number + 1)
end

function request()
  number = number + 1
  local n = kinds > 0 and number % kinds or number
  if kept[n] then return kept[n] end  -- else making them costs as much as answering them
  local path = template:gsub("{flight}", flights[1 + n % #flights]):gsub("{id}", 1 + n % ids)
  local made = wrk.format("GET", path)
  if kinds > 0 then kept[n] = made end
  return made
end

function exponential_pause()
  return math.floor(-pause * math.log(1 - math.random()) + 0.5)
end

-- wrk asks for a pause only if the script can say one when it is read.
if os.getenv("DAAS_WRK_PAUSES") then delay = exponential_pause end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %.6f, "bytes": %d, "failures": %d, "p50": %.3f, "p99": %.3f, "max": %.3f}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
