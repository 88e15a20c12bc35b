-- name: hold_batch
SELECT * FROM stock_hold_batch($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: levels
SELECT * FROM stock_level WHERE id = ANY ($1::uuid[])

-- name: versions
SELECT id, ver FROM stock_pool

-- name: lock_pools
SELECT id, total - held - sold AS available FROM stock_pool WHERE id = ANY ($1::uuid[]) ORDER BY id FOR NO KEY UPDATE

-- name: insert_pool
INSERT INTO stock_pool (id, kind, variant_id, show_id, total, limit_per_buyer, starts_at, ends_at, hold_s)
VALUES ($1, $2, $3, $4, $5, $6, coalesce($7::timestamptz, '-infinity'), coalesce($8::timestamptz, 'infinity'), $9)

-- name: journal
INSERT INTO stock_move (pool_id, kind, d_total, reason, actor, ref) VALUES ($1, $2, $3, $4, $5, $6)

-- name: add_total
UPDATE stock_pool SET total = total + $2, ver = ver + 1 WHERE id = $1

-- name: set_terms
UPDATE stock_pool SET limit_per_buyer = $2, hold_s = $3, ver = ver + 1
WHERE id = $1 AND (limit_per_buyer IS DISTINCT FROM $2 OR hold_s <> $3)

-- name: set_waiting
UPDATE stock_pool SET waiting = $2, ver = ver + 1 WHERE id = $1 AND waiting <> $2

-- name: offer
SELECT stock_offer($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: set_paused
UPDATE stock_pool SET paused_by = $2, ver = ver + 1 WHERE id = $1 AND paused_by IS DISTINCT FROM $2

-- name: give_back
UPDATE stock_pool SET given_back_at = coalesce(given_back_at, clock_timestamp()), ver = ver + 1
WHERE id = $1 AND kind = 'flash_sale'

-- name: flow_back
SELECT stock_flow_back($1::uuid[])

-- name: holds
SELECT h.id, h.pool_id, p.kind, p.variant_id, h.show_id, h.buyer, h.qty, h.price_minor, h.currency, h.state, h.expires_at,
       h.extended, coalesce(extract(epoch FROM h.expires_at - clock_timestamp()) * 1000, 0)::bigint AS expires_in_ms
FROM stock_hold h JOIN stock_pool p ON p.id = h.pool_id
WHERE h.id = ANY ($1::uuid[]) AND h.state <> 'rejected' ORDER BY h.id

-- name: lock_holds
SELECT h.id, h.pool_id, p.kind, p.variant_id, h.show_id, h.buyer, h.qty, h.price_minor, h.currency, h.state, h.expires_at,
       h.extended, coalesce(extract(epoch FROM h.expires_at - clock_timestamp()) * 1000, 0)::bigint AS expires_in_ms
FROM stock_hold h JOIN stock_pool p ON p.id = h.pool_id
WHERE h.id = ANY ($1::uuid[]) AND h.state <> 'rejected' ORDER BY h.id FOR UPDATE OF h

-- name: open_holds
SELECT h.id, h.pool_id, p.kind, p.variant_id, h.show_id, h.buyer, h.qty, h.price_minor, h.currency, h.state, h.expires_at,
       h.extended, coalesce(extract(epoch FROM h.expires_at - clock_timestamp()) * 1000, 0)::bigint AS expires_in_ms
FROM stock_hold h JOIN stock_pool p ON p.id = h.pool_id
WHERE h.buyer = $1 AND h.state IN ('held', 'paying') ORDER BY h.id DESC LIMIT $2

-- name: pay_holds
UPDATE stock_hold SET state = 'paying' WHERE id = ANY ($1::uuid[]) AND state = 'held'

-- name: return_units
SELECT * FROM stock_return_units($1, $2, $3, $4)

-- name: close_holds
SELECT * FROM stock_close_holds($1, $2, $3, $4)

-- name: due_holds
SELECT h.id, h.pool_id, p.kind, p.variant_id, h.show_id, h.buyer, h.qty, h.price_minor, h.currency, h.state, h.expires_at,
       h.extended, 0::bigint AS expires_in_ms
FROM stock_hold h JOIN stock_pool p ON p.id = h.pool_id
WHERE h.state = 'held' AND h.expires_at <= clock_timestamp() ORDER BY h.id LIMIT $1 FOR UPDATE OF h SKIP LOCKED

-- name: first_heartbeat
INSERT INTO stock_heartbeat (at) VALUES (clock_timestamp()) ON CONFLICT DO NOTHING

-- name: lock_heartbeat
SELECT extract(epoch FROM clock_timestamp() - at)::float8 AS gap_s FROM stock_heartbeat FOR UPDATE SKIP LOCKED

-- name: beat
UPDATE stock_heartbeat SET at = clock_timestamp()

-- name: extend_holds
UPDATE stock_hold SET expires_at = expires_at + make_interval(secs => $1::float8)
WHERE id IN (SELECT id FROM stock_hold WHERE state = 'held' ORDER BY id FOR UPDATE)

-- name: extend_hold
UPDATE stock_hold h SET expires_at = h.expires_at + make_interval(secs => p.hold_s), extended = true, warned = false
FROM stock_pool p
WHERE h.id = $1 AND p.id = h.pool_id AND h.state = 'held' AND NOT h.extended AND h.expires_at > clock_timestamp()
RETURNING h.expires_at, (extract(epoch FROM h.expires_at - clock_timestamp()) * 1000)::bigint AS expires_in_ms

-- name: warn_holds
UPDATE stock_hold SET warned = true
WHERE id IN (SELECT id FROM stock_hold
             WHERE state = 'held' AND NOT warned AND expires_at <= clock_timestamp() + make_interval(secs => $1::float8)
             ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id, buyer, (extract(epoch FROM expires_at - clock_timestamp()) * 1000)::bigint AS expires_in_ms

-- name: decided
SELECT id, state FROM stock_hold WHERE id = ANY ($1::uuid[]) AND state <> 'rejected'

-- name: buyers
SELECT h.show_id, h.buyer, sum(h.qty - h.returned)::int AS qty
FROM stock_hold h WHERE h.pool_id = $1 AND h.state IN ('held', 'paying', 'sold')
GROUP BY h.show_id, h.buyer HAVING sum(h.qty - h.returned) > 0 LIMIT 10000

-- name: rebuild_lock
SELECT pg_try_advisory_xact_lock(hashtextextended('stock gate', 0) # hashtextextended($1::text, 0))

-- name: open_units
SELECT coalesce(sum(qty), 0)::int AS units, count(*)::int AS holds
FROM stock_hold WHERE show_id = $1 AND state IN ('held', 'paying')

-- name: audit
WITH wanted AS (SELECT * FROM stock_pool WHERE id = ANY ($1::uuid[])),
holds AS (
  SELECT pool_id, coalesce(sum(qty) FILTER (WHERE state IN ('held', 'paying')), 0) AS held,
         coalesce(sum(qty - returned) FILTER (WHERE state = 'sold'), 0) AS sold
  FROM stock_hold WHERE pool_id = ANY ($1::uuid[]) GROUP BY pool_id),
moves AS (
  SELECT pool_id, sum(d_total) AS total, sum(d_held) AS held, sum(d_sold) AS sold
  FROM stock_move WHERE pool_id = ANY ($1::uuid[]) GROUP BY pool_id),
counted AS (
  SELECT p.variant_id, h.show_id, h.buyer, sum(h.qty - h.returned) AS qty
  FROM stock_hold h JOIN stock_pool p ON p.id = h.pool_id
  WHERE p.variant_id IN (SELECT variant_id FROM wanted) AND h.state IN ('held', 'paying', 'sold')
  GROUP BY p.variant_id, h.show_id, h.buyer),
limits AS (
  SELECT variant_id, count(*) AS wrong
  FROM (SELECT * FROM stock_buyer_limit WHERE variant_id IN (SELECT variant_id FROM wanted)) l
  FULL JOIN counted c USING (variant_id, show_id, buyer)
  WHERE coalesce(l.qty, 0) <> coalesce(c.qty, 0) OR l.qty > l.limit_qty GROUP BY variant_id)
SELECT p.id, array_remove(ARRAY[
  CASE WHEN p.held < 0 OR p.sold < 0 OR p.held + p.sold > p.total THEN 'I1 more promised than there is' END,
  CASE WHEN p.held <> coalesce(h.held, 0) OR p.sold <> coalesce(h.sold, 0) THEN 'I2 holds do not add up' END,
  CASE WHEN coalesce(l.wrong, 0) > 0 THEN 'I5 buyer limits do not add up' END,
  CASE WHEN (p.total, p.held, p.sold) IS DISTINCT FROM (coalesce(m.total, 0), coalesce(m.held, 0), coalesce(m.sold, 0))
       THEN 'I10 the journal does not add up' END], NULL) AS broken
FROM wanted p LEFT JOIN holds h ON h.pool_id = p.id LEFT JOIN moves m ON m.pool_id = p.id
LEFT JOIN limits l ON l.variant_id = p.variant_id
