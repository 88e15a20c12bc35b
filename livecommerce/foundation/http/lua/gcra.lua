-- Hits against rates, in order, by the server's own clock. KEYS: the counters.
-- ARGV, per key: limit, period (ms), cost. Returns per key 0 when allowed, else how many ms to wait.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local waits = {}
for i, key in ipairs(KEYS) do
  local limit, period, cost = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i])
  local arrival = math.max(now, tonumber(redis.call('GET', key) or 0) or 0) + period / limit * cost
  local too_early = arrival - now - period
  if too_early > 0.5 then
    waits[i] = math.ceil(too_early)
  else
    redis.call('SET', key, string.format('%.3f', arrival), 'PX', math.max(1, math.ceil(arrival - now)))
    waits[i] = 0
  end
end
return waits
