-- name: now
SELECT clock_timestamp()

-- name: insert
INSERT INTO orders (id, show_id, buyer_id, buyer_name, key, status, currency, subtotal_minor, shipping_minor, tax_minor,
                    total_minor, address, payment_method, placed_at, pay_by, discount_minor, shipping_tax_minor, shipping_option,
                    coupon)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::jsonb, $13, $14, $15, $16, $17, $18, $19)

-- name: insert_lines
INSERT INTO order_line (order_id, hold_id, position, product_id, variant_id, title, variant_title, image_url, quantity,
                        unit_minor, tax_minor, discount_minor, tax_rate)
SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::int[],
                         $10::bigint[], $11::bigint[], $12::bigint[], $13::text[])

-- name: save
UPDATE orders SET status = $2, paid_at = $3, shipped_at = $4, delivered_at = $5, cancelled_at = $6, refunded_at = $7,
       version = $8, refunded_minor = $9, parcel_id = $10
WHERE id = $1

-- name: get
SELECT *, address::text AS address_text FROM orders WHERE id = $1

-- name: lock
SELECT *, address::text AS address_text FROM orders WHERE id = $1 FOR UPDATE

-- name: lock_all
SELECT *, address::text AS address_text FROM orders WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE

-- name: of_parcel
SELECT id FROM orders WHERE parcel_id = $1 ORDER BY id

-- name: by_key
SELECT *, address::text AS address_text FROM orders WHERE buyer_id = $1 AND key = $2

-- name: by_hold
SELECT o.*, o.address::text AS address_text FROM orders o JOIN order_line l ON l.order_id = o.id
WHERE l.hold_id = $2 AND o.buyer_id = $1

-- name: of_buyer
SELECT *, address::text AS address_text FROM orders
WHERE buyer_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3

-- name: of_show
SELECT *, address::text AS address_text FROM orders
WHERE show_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3

-- name: lines
SELECT * FROM order_line WHERE order_id = ANY ($1::uuid[]) ORDER BY order_id, position

-- name: last_attempts
SELECT DISTINCT ON (a.order_id) a.* FROM payment_attempt a JOIN orders o ON o.id = a.order_id
WHERE a.order_id = ANY ($1::uuid[]) ORDER BY a.order_id, (a.id = o.paid_by) DESC NULLS LAST, a.id DESC

-- name: attempt
SELECT * FROM payment_attempt WHERE id = $1

-- name: insert_attempt
INSERT INTO payment_attempt (id, order_id, method, amount_minor, currency, key, status)
VALUES ($1, $2, $3, $4, $5, $6, 'open')

-- name: attempt_by_key
SELECT * FROM payment_attempt WHERE order_id = $1 AND key = $2

-- name: accept_attempt
UPDATE payment_attempt SET status = 'succeeded', decided_at = clock_timestamp() WHERE id = $1

-- name: paid_by
UPDATE orders SET paid_by = $2 WHERE id = $1

-- name: relink
UPDATE order_line SET hold_id = $2 WHERE hold_id = $1

-- name: remember_event
INSERT INTO provider_event (id, attempt_id) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING true

-- name: decide_attempt
UPDATE payment_attempt
SET status = $2, redirect_url = $3, reference = coalesce($4, reference), decided_at = CASE WHEN $2 = 'open' THEN NULL ELSE clock_timestamp() END
WHERE id = $1 AND status = 'open'

-- name: insert_refund
INSERT INTO refund (id, order_id, attempt_id, amount_minor, currency, key, status) VALUES ($1, $2, $3, $4, $5, $6, 'due')

-- name: refund_by_key
SELECT EXISTS (SELECT FROM refund WHERE order_id = $1 AND key = $2)

-- name: add_refunded
UPDATE order_line SET refunded = refunded + $2 WHERE hold_id = $1

-- name: refunds_due
SELECT r.*, a.method, a.reference FROM refund r JOIN payment_attempt a ON a.id = r.attempt_id
WHERE r.status = 'due' AND r.next_at <= clock_timestamp() ORDER BY r.next_at LIMIT $1

-- name: refund_waits
UPDATE refund SET tries = tries + 1,
       next_at = clock_timestamp() + make_interval(secs => least(3600, 5 * 2 ^ least(tries, 10)))
WHERE id = $1 AND status = 'due'

-- name: refund_done
UPDATE refund SET status = 'done', done_at = clock_timestamp() WHERE id = $1 AND status = 'due'

-- name: undecided
UPDATE payment_attempt SET asked_at = clock_timestamp()
WHERE id IN (SELECT id FROM payment_attempt
             WHERE status = 'open'
               AND coalesce(asked_at, created_at) < clock_timestamp() - make_interval(secs => $1::float8)
             ORDER BY coalesce(asked_at, created_at) LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING order_id

-- name: extend
UPDATE orders SET pay_by = pay_by + make_interval(secs => $1::float8) WHERE status IN ('placed', 'paying')

-- name: is_overdue
SELECT pay_by <= clock_timestamp() FROM orders WHERE id = $1

-- name: overdue
SELECT id FROM orders WHERE status = 'placed' AND pay_by + make_interval(secs => $2::float8) <= clock_timestamp() ORDER BY pay_by LIMIT $1

-- name: numbers
SELECT count(DISTINCT o.id)::int AS orders, coalesce(sum(l.quantity), 0)::int AS units
FROM orders o JOIN order_line l ON l.order_id = o.id
WHERE o.show_id = $1 AND o.status IN ('paid', 'shipped', 'delivered')

-- name: revenue
SELECT coalesce(sum(total_minor - refunded_minor), 0)::bigint AS minor FROM orders
WHERE show_id = $1 AND currency = $2 AND status IN ('paid', 'shipped', 'delivered')

-- name: sandbox_charge
INSERT INTO sandbox_payment (attempt_id, status, script, amount) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- name: sandbox_get
SELECT * FROM sandbox_payment WHERE attempt_id = $1

-- name: sandbox_decide
UPDATE sandbox_payment SET status = $2 WHERE attempt_id = $1 AND status = 'open' RETURNING script

-- name: sandbox_captured
UPDATE sandbox_payment SET status = $2 WHERE attempt_id = $1

-- name: sandbox_refund
UPDATE sandbox_payment SET refunded_by = $2 WHERE attempt_id = $1 AND (refunded_by IS NULL OR refunded_by = $2)

-- name: sandbox_tell
INSERT INTO sandbox_event (id, attempt_id, status, times, due_at)
VALUES ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5::float8))

-- name: sandbox_events_due
SELECT * FROM sandbox_event WHERE due_at <= clock_timestamp() ORDER BY due_at, id LIMIT $1

-- name: sandbox_told
DELETE FROM sandbox_event WHERE id = $1

-- name: terms
SELECT tables::text FROM checkout_terms

-- name: save_terms
INSERT INTO checkout_terms (tables) VALUES ($1::text::jsonb)
ON CONFLICT (only_row) DO UPDATE SET tables = excluded.tables, version = checkout_terms.version + 1

-- name: coupon
SELECT * FROM coupon WHERE code = $1

-- name: lock_coupon
SELECT * FROM coupon WHERE code = $1 FOR UPDATE

-- name: coupons
SELECT c.*, (SELECT count(*)::int FROM orders o WHERE o.coupon = c.code AND o.status <> 'cancelled') AS uses
FROM coupon c ORDER BY c.code LIMIT 500

-- name: coupon_uses
SELECT count(*)::int AS uses, (count(*) FILTER (WHERE buyer_id = $2))::int AS mine
FROM orders WHERE coupon = $1 AND status <> 'cancelled'

-- name: save_coupon
INSERT INTO coupon VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (code) DO UPDATE SET percent = $2, amount_minor = $3, currency = $4, minimum_minor = $5, uses_max = $6,
  per_buyer_max = $7, valid_from = $8, valid_until = $9
