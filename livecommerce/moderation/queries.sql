-- name: replace_sanction
UPDATE sanctions SET lifted_at = $4
WHERE show_id = $1 AND viewer_id = $2 AND kind = $3 AND lifted_at IS NULL

-- name: add_sanction
INSERT INTO sanctions (id, show_id, viewer_id, viewer_name, kind, reason, until, at, by_id, by_name)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: lock_sanction
SELECT * FROM sanctions WHERE id = $1 AND lifted_at IS NULL FOR UPDATE

-- name: lift_sanction
UPDATE sanctions SET lifted_at = $2 WHERE id = $1

-- name: sanctions_of_show
SELECT * FROM sanctions WHERE show_id = $1 AND lifted_at IS NULL AND (until IS NULL OR until > $2)
ORDER BY id DESC LIMIT $3

-- name: sanctions_of_people
SELECT * FROM sanctions
WHERE show_id = $1 AND viewer_id = ANY($2::uuid[]) AND lifted_at IS NULL AND (until IS NULL OR until > $3)

-- name: one_at_a_time
SELECT pg_advisory_xact_lock(hashtextextended('chat_mode:' || $1::text, 0))
