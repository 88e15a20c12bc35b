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

-- name: chat_mode
SELECT slow_s, hold_all, is_closed FROM chat_modes WHERE show_id = $1

-- name: change_chat_mode
INSERT INTO chat_modes AS mode (show_id, slow_s, hold_all, is_closed)
VALUES ($1, coalesce($2::integer, 0), coalesce($3::boolean, false), coalesce($4::boolean, false))
ON CONFLICT (show_id) DO UPDATE SET slow_s = coalesce($2::integer, mode.slow_s),
    hold_all = coalesce($3::boolean, mode.hold_all), is_closed = coalesce($4::boolean, mode.is_closed)
RETURNING slow_s, hold_all, is_closed
