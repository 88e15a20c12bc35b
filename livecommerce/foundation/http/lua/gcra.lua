-- One hit against a rate, by the server's own clock. KEYS[1]: the counter.
-- ARGV: limit, period (ms), cost. Returns 0 when allowed, else how many ms to wait.
local period = tonumber(ARGV[2])
local interval = period / tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local stored = redis.call('GET', KEYS[1])
local arrival = math.max(now, tonumber(stored or 0) or 0) + interval * tonumber(ARGV[3])
local too_early = arrival - now - period
if too_early > 0.5 then
  return math.ceil(too_early)
end
redis.call('SET', KEYS[1], string.format('%.3f', arrival), 'PX', math.max(1, math.ceil(arrival - now)))
return 0
