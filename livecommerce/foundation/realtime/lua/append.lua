-- Appends a run of events to a show's stream and publishes what was new. Idempotent: any process may offer any run.
--
-- KEYS[1] stream of (show, scope, epoch)
-- ARGV    channel, seq of the first event, '1' when the run is all that PostgreSQL wants in the window,
--         length of the window, seconds to live, then the events (MessagePack maps) in order
-- Returns {accepted, last}: 0 and the last seq of the stream when the run does not join on to it.
local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local last = 0
if top[1] then
  last = tonumber(string.match(top[1][1], '^%d+'))
end
local first, count = tonumber(ARGV[2]), #ARGV - 5
if first > last + 1 then
  if ARGV[3] ~= '1' then
    return {0, last}
  end
  redis.call('DEL', KEYS[1])
  last = first - 1
end
local fresh = {}
for i = 1, count do
  local seq = first + i - 1
  if seq > last then
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], string.format('%.0f-0', seq), 'e', ARGV[5 + i])
    fresh[#fresh + 1] = ARGV[5 + i]
    last = seq
  end
end
if #fresh > 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[5])
  -- A MessagePack array header (array 16), then the maps as they are.
  local header = string.char(0xdc, math.floor(#fresh / 256), #fresh % 256)
  redis.call('PUBLISH', ARGV[1], header .. table.concat(fresh))
end
return {1, last}
