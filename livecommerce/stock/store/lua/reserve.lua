-- May these clicks try? One call for all clicks of a loop tick on one pool. Answers one line per click, in order,
-- since a thousand short replies cost the caller more than one long one.
-- KEYS  G gate hash · U units per buyer · P granted, by deadline · D what was granted · O outage · I… one per click
-- ARGV  prov_ms key_ttl_ms, then per click: buyer qty hold
local g = redis.call('HMGET', KEYS[1], 'base', 'pend', 'lim', 't0', 't1', 'paused')
if not g[1] then return 'STALE' end
if redis.call('EXISTS', KEYS[5]) == 1 then return 'OUTAGE' end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local base, pend, lim = tonumber(g[1]), tonumber(g[2]), tonumber(g[3])
local t0, t1, granted = tonumber(g[4]), tonumber(g[5]), 0
local answers = {}
for i = 1, (#ARGV - 2) / 3 do
  local buyer, qty, hold = ARGV[3 * i], tonumber(ARGV[3 * i + 1]), ARGV[3 * i + 2]
  local key = KEYS[5 + i]
  local known = redis.call('GET', key)
  if known then answers[i] = 'DUP ' .. known
  elseif g[6] == '1' then answers[i] = 'PAUSED'
  elseif now >= t1 then answers[i] = 'ENDED'
  elseif now < t0 then answers[i] = 'NOT_STARTED ' .. string.format('%d', t0 - now)
  elseif tonumber(redis.call('HGET', KEYS[2], buyer) or '0') + qty > lim then answers[i] = 'LIMIT'
  elseif base - pend < qty then answers[i] = 'SOLD_OUT ' .. string.format('%d', base - pend)
  else
    pend, granted = pend + qty, granted + qty
    redis.call('HINCRBY', KEYS[2], buyer, qty)
    redis.call('ZADD', KEYS[3], now + tonumber(ARGV[1]), hold)
    redis.call('HSET', KEYS[4], hold, buyer .. '|' .. ARGV[3 * i + 1])
    redis.call('SET', key, hold, 'PX', ARGV[2])
    answers[i] = 'GRANTED ' .. hold
  end
end
if granted > 0 then redis.call('HINCRBY', KEYS[1], 'pend', granted) end
return table.concat(answers, '\n')
