-- Says how many people watch a show in one process, and adds up all processes that said so lately.
--
-- KEYS[1] hash process -> "viewers:until_ms"    ARGV process, viewers, seconds until this is no longer true (ms),
--         time to live of the hash (s). An empty process only reads.
-- Returns {version, viewers}; the version is Redis' clock in microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[1] ~= '' then
  if tonumber(ARGV[2]) > 0 then
    redis.call('HSET', KEYS[1], ARGV[1], string.format('%s:%.0f', ARGV[2], now + ARGV[3]))
  else
    redis.call('HDEL', KEYS[1], ARGV[1])
  end
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end
local viewers = 0
local entries = redis.call('HGETALL', KEYS[1])
for i = 1, #entries, 2 do
  local count, till = string.match(entries[i + 1], '^(%d+):(%d+)$')
  if tonumber(till) > now then
    viewers = viewers + count
  else
    redis.call('HDEL', KEYS[1], entries[i])
  end
end
return {string.format('%.0f', time[1] * 1000000 + time[2]), viewers}
