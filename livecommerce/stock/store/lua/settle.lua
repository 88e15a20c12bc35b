-- Tell the gate what the ledger has decided. Safe to repeat: base is absolute and carries the ledger's version.
-- KEYS  G gate hash · U units per buyer · P granted, by deadline · D what was granted
-- ARGV  ver base lim t0 t1 paused ('' = unchanged) recount ttl_ms n, then n × (hold 'H' held | 'X' not), then (buyer qty) given back
local ver = redis.call('HGET', KEYS[1], 'ver')
if not ver then return {'STALE'} end
local n = tonumber(ARGV[9])
local function fewer(buyer, qty)
  if redis.call('HINCRBY', KEYS[2], buyer, -qty) <= 0 then redis.call('HDEL', KEYS[2], buyer) end
end
for i = 10, 9 + 2 * n, 2 do
  if redis.call('ZREM', KEYS[3], ARGV[i]) == 1 then
    local granted = redis.call('HGET', KEYS[4], ARGV[i])
    redis.call('HDEL', KEYS[4], ARGV[i])
    if granted then
      local buyer, qty = string.match(granted, '^(.+)|(%d+)$')
      redis.call('HINCRBY', KEYS[1], 'pend', -tonumber(qty))
      if ARGV[i + 1] == 'X' then fewer(buyer, tonumber(qty)) end
    end
  end
end
for i = 10 + 2 * n, #ARGV, 2 do fewer(ARGV[i], tonumber(ARGV[i + 1])) end
if tonumber(ARGV[1]) >= tonumber(ver) then
  redis.call('HSET', KEYS[1], 'ver', ARGV[1], 'base', ARGV[2])
  if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'lim', ARGV[3], 't0', ARGV[4], 't1', ARGV[5], 'paused', ARGV[6]) end
end
if ARGV[7] == '1' then -- the janitor: what is pending is what is really granted, whatever damage was done
  local sum = 0
  for _, hold in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
    local granted = redis.call('HGET', KEYS[4], hold)
    if granted then sum = sum + tonumber(string.match(granted, '|(%d+)$')) else redis.call('ZREM', KEYS[3], hold) end
  end
  redis.call('HSET', KEYS[1], 'pend', sum)
end
for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], ARGV[8]) end
local now = redis.call('HMGET', KEYS[1], 'base', 'pend', 'ver', 'epoch')
return {'OK', tonumber(now[1]) - tonumber(now[2]), tonumber(now[3]), now[4]}
