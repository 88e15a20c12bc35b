-- name: add_person
INSERT INTO people (id, kind, role, display_name, contact, password_hash, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: get_person
SELECT id, kind, role, display_name, contact FROM people WHERE id = $1 AND disabled_at IS NULL

-- name: lock_person
SELECT id, kind, role, display_name, contact FROM people WHERE id = $1 AND disabled_at IS NULL FOR NO KEY UPDATE

-- name: person_by_contact
SELECT id, kind, role, display_name, contact, password_hash FROM people WHERE contact = $1 AND disabled_at IS NULL

-- name: people_by_id
SELECT id, kind, role, display_name, contact FROM people WHERE id = ANY($1::uuid[])

-- name: save_person
UPDATE people SET kind = $2, role = $3, display_name = $4, contact = $5, version = version + 1 WHERE id = $1

-- name: set_password
UPDATE people SET password_hash = $2, version = version + 1 WHERE id = $1

-- name: add_session
INSERT INTO sessions (id, person_id, created_at, expires_at) VALUES ($1, $2, $3, $4)

-- name: load_sessions
SELECT s.id AS session_id, s.expires_at, p.id, p.kind, p.role, p.display_name, p.contact,
       (SELECT jsonb_object_agg(g.show_id, g.permissions) FROM show_grants g WHERE g.person_id = p.id) AS grants
  FROM sessions s JOIN people p ON p.id = s.person_id
 WHERE s.id = ANY($1::uuid[]) AND s.revoked_at IS NULL AND s.expires_at > $2 AND p.disabled_at IS NULL

-- name: revoke_session
UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL

-- name: revoke_sessions_of
UPDATE sessions SET revoked_at = $2 WHERE person_id = $1 AND revoked_at IS NULL

-- name: shorten_session
UPDATE sessions SET expires_at = LEAST(expires_at, $2) WHERE id = $1

-- name: forget_expired_sessions
DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT 1000)

-- name: forget_expired_codes
DELETE FROM contact_codes WHERE expires_at < $1

-- name: forget_expired_once_codes
DELETE FROM once_codes WHERE expires_at < $1

-- name: drop_oldest_codes
DELETE FROM contact_codes WHERE id IN (
    SELECT id FROM contact_codes WHERE email = $1 ORDER BY created_at DESC, id DESC OFFSET $2)

-- name: add_code
INSERT INTO contact_codes (id, email, display_name, requested_by, code_hash, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)

-- name: lock_codes
SELECT id, display_name, requested_by, code_hash, tries FROM contact_codes
 WHERE email = $1 AND expires_at > $2 AND tries < $3
 ORDER BY created_at DESC, id DESC FOR UPDATE

-- name: count_try
UPDATE contact_codes SET tries = tries + 1 WHERE id = ANY($1::uuid[])

-- name: drop_codes
DELETE FROM contact_codes WHERE email = $1

-- name: add_once_code
INSERT INTO once_codes (code_hash, person_id, expires_at) VALUES ($1, $2, $3)

-- name: take_once_code
DELETE FROM once_codes WHERE code_hash = $1 RETURNING person_id, expires_at

-- name: put_grant
INSERT INTO show_grants (show_id, person_id, permissions, granted_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (show_id, person_id) DO UPDATE SET permissions = EXCLUDED.permissions, granted_at = EXCLUDED.granted_at

-- name: drop_grant
DELETE FROM show_grants WHERE show_id = $1 AND person_id = $2

-- name: grants_of_show
SELECT g.person_id, g.permissions, p.display_name, p.kind, p.role
  FROM show_grants g JOIN people p ON p.id = g.person_id
 WHERE g.show_id = $1 ORDER BY g.granted_at, g.person_id

-- name: add_audit_row
INSERT INTO audit_trail (id, show_id, actor_id, actor_name, actor_role, action, subject_kind, subject_id, detail, at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)

-- name: audit_rows
SELECT id, show_id, actor_id, actor_name, actor_role, action, subject_kind, subject_id, detail, at FROM audit_trail
 WHERE ($1::uuid IS NULL OR show_id = $1) AND ($2::uuid IS NULL OR id < $2)
 ORDER BY id DESC LIMIT $3
