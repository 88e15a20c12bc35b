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
