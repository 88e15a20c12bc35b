-- name: put
INSERT INTO outbox (topic, payload) VALUES ($1, $2::text::jsonb)

-- name: take
SELECT id, payload::text AS payload
FROM outbox
WHERE topic = $1 AND due_at <= clock_timestamp()
ORDER BY due_at, id
LIMIT 1
FOR UPDATE SKIP LOCKED

-- name: done
DELETE FROM outbox WHERE id = $1

-- name: postpone
UPDATE outbox
SET attempts = attempts + 1,
    due_at = clock_timestamp() + make_interval(secs => least($2::float8 * 2 ^ least(attempts, 20), $3::float8))
WHERE id = $1
