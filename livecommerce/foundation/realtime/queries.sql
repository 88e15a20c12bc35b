-- name: create_log
INSERT INTO show_logs (show_id) VALUES ($1) ON CONFLICT DO NOTHING

-- name: append
WITH head AS (
    UPDATE show_logs
    SET public_seq = public_seq + $2, staff_seq = staff_seq + $3, touched_at = clock_timestamp()
    WHERE show_id = $1
    RETURNING public_seq, staff_seq
), written AS (
    INSERT INTO show_events (show_id, scope, seq, id, type, version, data, media_ts, at)
    SELECT $1, e.scope, CASE e.scope WHEN 'public' THEN head.public_seq - $2 ELSE head.staff_seq - $3 END + e.nth,
           e.id, e.type, e.version, e.data::jsonb, e.media_ts, e.at
    FROM head, unnest($4::text[], $5::bigint[], $6::uuid[], $7::text[], $8::smallint[], $9::text[], $10::bigint[],
                      $11::timestamptz[]) AS e (scope, nth, id, type, version, data, media_ts, at)
)
SELECT public_seq, staff_seq, coalesce((SELECT epoch FROM event_log_epoch), 0) AS epoch FROM head

-- name: head
SELECT public_seq, staff_seq, coalesce((SELECT epoch FROM event_log_epoch), 0) AS epoch
FROM show_logs WHERE show_id = $1

-- name: heads_touched_since
SELECT show_id, public_seq, staff_seq, coalesce((SELECT epoch FROM event_log_epoch), 0) AS epoch
FROM show_logs WHERE touched_at > clock_timestamp() - make_interval(secs => $1)

-- name: events_after
SELECT e.seq, e.id, e.type, e.version, e.data::text AS data, e.media_ts, e.at,
       coalesce((SELECT epoch FROM event_log_epoch), 0) AS epoch
FROM show_events e
WHERE e.show_id = $1 AND e.scope = $2 AND e.seq > $3
ORDER BY e.seq LIMIT $4

-- name: epoch_identity
INSERT INTO event_log_epoch AS e (epoch, system_identifier, timeline)
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, s.system_identifier, c.timeline_id
FROM pg_control_system() s, pg_control_checkpoint() c
ON CONFLICT (only_row) DO UPDATE
SET epoch = greatest(excluded.epoch, e.epoch + 1),
    system_identifier = excluded.system_identifier, timeline = excluded.timeline
WHERE (e.system_identifier, e.timeline) IS DISTINCT FROM (excluded.system_identifier, excluded.timeline)

-- name: rotate_epoch
UPDATE event_log_epoch SET epoch = greatest((extract(epoch FROM clock_timestamp()) * 1000)::bigint, epoch + 1)
WHERE epoch = $1
