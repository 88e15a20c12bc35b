-- name: add_show
INSERT INTO shows (id, title, description, status, kind, visibility, host_id, starts_at, started_at, paused_at,
                   ended_at, pause_reason, poster_key, slow_s, hold_all, is_closed, version, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)

-- name: save_show
UPDATE shows SET title = $2, description = $3, status = $4, kind = $5, visibility = $6, host_id = $7, starts_at = $8,
       started_at = $9, paused_at = $10, ended_at = $11, pause_reason = $12, poster_key = $13, slow_s = $14,
       hold_all = $15, is_closed = $16, version = $17
 WHERE id = $1

-- name: lock_show
SELECT id FROM shows WHERE id = $1 FOR NO KEY UPDATE

-- name: shows
SELECT s.id, s.title, s.description, s.status, s.kind, s.visibility, s.host_id, s.starts_at, s.started_at, s.paused_at,
       s.ended_at, s.pause_reason, s.poster_key, s.slow_s, s.hold_all, s.is_closed, s.version,
       ARRAY(SELECT l.product_id::text FROM show_lineup l WHERE l.show_id = s.id ORDER BY l.position) AS lineup,
       ARRAY(SELECT p.product_id::text FROM show_pins p WHERE p.show_id = s.id ORDER BY p.position) AS pin_ids,
       ARRAY(SELECT p.media_ts FROM show_pins p WHERE p.show_id = s.id ORDER BY p.position) AS pin_media,
       ARRAY(SELECT p.pinned_at FROM show_pins p WHERE p.show_id = s.id ORDER BY p.position) AS pin_times
  FROM shows s WHERE s.id = ANY($1::uuid[])

-- name: clear_lineup
DELETE FROM show_lineup WHERE show_id = $1 AND product_id <> ALL($2::uuid[])

-- name: put_lineup
INSERT INTO show_lineup (show_id, product_id, position)
SELECT $1, product_id, position - 1 FROM unnest($2::uuid[]) WITH ORDINALITY AS t (product_id, position)
ON CONFLICT (show_id, product_id) DO UPDATE SET position = EXCLUDED.position

-- name: clear_pins
DELETE FROM show_pins WHERE show_id = $1

-- name: put_pins
INSERT INTO show_pins (show_id, product_id, position, media_ts, pinned_at)
SELECT $1, product_id, position - 1, media_ts, pinned_at
  FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[]) WITH ORDINALITY AS t (product_id, media_ts, pinned_at, position)

-- name: page
-- On air first, then what comes next, then what is over, the latest first.
SELECT id, rank, sort FROM (
    SELECT id, visibility, status,
           CASE status WHEN 'ended' THEN 2 WHEN 'scheduled' THEN 1 ELSE 0 END AS rank,
           (CASE status WHEN 'ended' THEN -1 ELSE 1 END * extract(epoch FROM coalesce(ended_at, starts_at)) * 1000000)::bigint
               AS sort
      FROM shows
) ranked
 WHERE (cardinality($1::text[]) = 0 OR status = ANY($1::text[]))
   AND ($2::boolean OR visibility = 'public' OR id = ANY($3::uuid[]))
   AND ($4::integer IS NULL OR (rank, sort, id) > ($4::integer, $5::bigint, $6::uuid))
 ORDER BY rank, sort, id LIMIT $7

-- name: showing_product
SELECT s.id FROM show_lineup l JOIN shows s ON s.id = l.show_id WHERE l.product_id = $1 AND s.status <> 'ended'
 ORDER BY s.id

-- name: ended_among
SELECT id FROM shows WHERE id = ANY($1::uuid[]) AND status = 'ended'
