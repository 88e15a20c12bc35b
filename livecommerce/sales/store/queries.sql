-- name: now
SELECT clock_timestamp()

-- name: insert
INSERT INTO flash_sale (id, show_id, product_id, variant_id, price_minor, struck_minor, currency, quantity, per_buyer_limit,
                        hold_s, state, opens_at, closes_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)

-- name: save
UPDATE flash_sale SET state = $2, closed_at = $3, closed_reason = $4, version = $5 WHERE id = $1

-- name: get
SELECT * FROM flash_sale WHERE id = $1

-- name: lock
SELECT * FROM flash_sale WHERE id = $1 FOR UPDATE

-- name: lock_to_open
SELECT * FROM flash_sale WHERE state = 'scheduled' AND opens_at <= clock_timestamp()
ORDER BY opens_at LIMIT 1 FOR UPDATE SKIP LOCKED

-- name: lock_to_end
SELECT * FROM flash_sale WHERE state <> 'closed' AND closes_at <= clock_timestamp()
ORDER BY closes_at LIMIT 1 FOR UPDATE SKIP LOCKED

-- name: going_on
SELECT * FROM flash_sale WHERE state <> 'closed' ORDER BY closes_at LIMIT 1000

-- name: of_show
SELECT * FROM flash_sale WHERE show_id = $1 ORDER BY id DESC LIMIT $2

-- name: unclosed_of_show
SELECT * FROM flash_sale WHERE show_id = $1 AND state <> 'closed' ORDER BY opens_at, id LIMIT 100

-- name: join_line
INSERT INTO waitlist_entry (id, pool_id, show_id, buyer, qty) VALUES ($1, $2, $3, $4, $5)

-- name: entry
SELECT * FROM waitlist_entry WHERE id = $1

-- name: waiting_of
SELECT * FROM waitlist_entry WHERE pool_id = $1 AND show_id = $2 AND buyer = $3 AND state = 'waiting'

-- name: line
SELECT count(*)::int AS people, coalesce(sum(qty), 0)::int AS units
FROM waitlist_entry WHERE pool_id = $1 AND state = 'waiting'

-- name: first_in_line
SELECT * FROM waitlist_entry WHERE pool_id = $1 AND state = 'waiting' ORDER BY place LIMIT 1

-- name: entries_of
SELECT e.*, (SELECT count(*)::int FROM waitlist_entry before
             WHERE before.pool_id = e.pool_id AND before.state = 'waiting' AND before.place <= e.place) AS position
FROM waitlist_entry e WHERE e.buyer = $1 AND e.state IN ('waiting', 'offered') ORDER BY e.place DESC LIMIT $2

-- name: lines
SELECT DISTINCT pool_id, show_id FROM waitlist_entry WHERE state = 'waiting' LIMIT 1000

-- name: offered
UPDATE waitlist_entry SET state = 'offered', hold_id = $2, closed_at = clock_timestamp() WHERE id = $1

-- name: close_entry
UPDATE waitlist_entry SET state = $2, closed_at = clock_timestamp() WHERE id = $1 AND state = 'waiting'

-- name: end_line
UPDATE waitlist_entry SET state = 'ended', closed_at = clock_timestamp()
WHERE pool_id = $1 AND state = 'waiting' AND ($2::uuid IS NULL OR show_id = $2)
