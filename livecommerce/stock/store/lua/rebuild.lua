-- Build a gate from the ledger, unless somebody else has done so since it was seen missing or wrong.
-- KEYS  G gate hash · U units per buyer · P granted, by deadline · D what was granted
-- ARGV  seen epoch ('' = missing) · epoch ver base lim t0 t1 paused ttl_ms, then (buyer qty)
if (redis.call('HGET', KEYS[1], 'epoch') or '') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
for i = 10, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], 'epoch', ARGV[2], 'ver', ARGV[3], 'base', ARGV[4], 'pend', 0,
           'lim', ARGV[5], 't0', ARGV[6], 't1', ARGV[7], 'paused', ARGV[8])
for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], ARGV[9]) end
return 1
