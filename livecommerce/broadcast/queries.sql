-- name: get
SELECT show_id, stream_id, state, rtp_base, pdt_base_ms, is_hls FROM streams WHERE show_id = $1

-- name: save
INSERT INTO streams AS s (show_id, stream_id, state, rtp_base, pdt_base_ms, is_hls, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (show_id) DO UPDATE
SET stream_id = excluded.stream_id, state = excluded.state, rtp_base = excluded.rtp_base,
    pdt_base_ms = excluded.pdt_base_ms, is_hls = excluded.is_hls, changed_at = excluded.changed_at
WHERE (s.stream_id = excluded.stream_id AND s.state <> 'ended' OR s.stream_id <> excluded.stream_id AND excluded.state = 'live')
  AND (s.stream_id, s.state, s.rtp_base, s.is_hls)
      IS DISTINCT FROM (excluded.stream_id, excluded.state, excluded.rtp_base, excluded.is_hls)
RETURNING true

-- name: unfinished
SELECT show_id, stream_id, state, rtp_base, pdt_base_ms, is_hls FROM streams
WHERE state = ANY ($1::text[]) AND changed_at <= $2
ORDER BY changed_at
LIMIT 500
