-- Adds reactions of one show and returns all its counts.
--
-- KEYS[1] hash of counts      ARGV seconds to live, then kind, count, kind, count …
-- Returns {version, kind, count, kind, count …}; the version is Redis' clock in microseconds, so that a newer
-- answer has a greater one even after Redis lost the counts.
for i = 2, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
end
if #ARGV > 1 then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
end
local now = redis.call('TIME')
local answer = redis.call('HGETALL', KEYS[1])
table.insert(answer, 1, string.format('%.0f', now[1] * 1000000 + now[2]))
return answer
