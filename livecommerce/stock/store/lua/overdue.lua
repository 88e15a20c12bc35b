-- What was granted so long ago that its batch must have been decided. By the clock of this server, as reserve is.
-- KEYS  P granted, by deadline   ARGV  at most so many
local t = redis.call('TIME')
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', t[1] * 1000 + math.floor(t[2] / 1000), 'LIMIT', 0, ARGV[1])
