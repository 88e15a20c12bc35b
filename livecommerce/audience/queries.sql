-- name: raise_peak
INSERT INTO audience_peaks AS peak (show_id, viewers, at) VALUES ($1, $2, $3)
ON CONFLICT (show_id) DO UPDATE SET viewers = $2, at = $3 WHERE peak.viewers < $2

-- name: peak
SELECT viewers FROM audience_peaks WHERE show_id = $1
