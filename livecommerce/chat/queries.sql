-- name: add_messages
INSERT INTO messages (id, show_id, author_id, author_name, author_role, author_kind, text, reply_to, state, seq, nonce, at)
SELECT m.id, $1, m.author_id, m.author_name, m.author_role, m.author_kind, m.text, m.reply_to, m.state, m.seq, m.nonce, m.at
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::text[], $10::bigint[],
            $11::text[], $12::timestamptz[])
     AS m (id, author_id, author_name, author_role, author_kind, text, reply_to, state, seq, nonce, at)

-- name: messages_by_nonce
SELECT m.*, q.id AS quote_id, q.author_name AS quote_name, q.text AS quote_text
FROM unnest($2::uuid[], $3::text[]) AS asked (author_id, nonce)
JOIN messages m ON m.show_id = $1 AND m.author_id = asked.author_id AND m.nonce = asked.nonce
LEFT JOIN messages q ON q.id = m.reply_to AND q.state = 'shown'

-- name: messages_by_id
SELECT m.*, q.id AS quote_id, q.author_name AS quote_name, q.text AS quote_text
FROM messages m LEFT JOIN messages q ON q.id = m.reply_to AND q.state = 'shown'
WHERE m.show_id = $1 AND m.id = ANY($2::uuid[])

-- name: lock_message
SELECT m.*, q.id AS quote_id, q.author_name AS quote_name, q.text AS quote_text
FROM messages m LEFT JOIN messages q ON q.id = m.reply_to AND q.state = 'shown'
WHERE m.id = $1 FOR UPDATE OF m

-- name: set_state
UPDATE messages SET state = $2, seq = $3 WHERE id = $1

-- name: shown_before
SELECT m.*, q.id AS quote_id, q.author_name AS quote_name, q.text AS quote_text
FROM messages m LEFT JOIN messages q ON q.id = m.reply_to AND q.state = 'shown'
WHERE m.show_id = $1 AND m.state = 'shown' AND m.seq < $2
ORDER BY m.seq DESC LIMIT $3

-- name: held
SELECT m.*, q.id AS quote_id, q.author_name AS quote_name, q.text AS quote_text
FROM messages m LEFT JOIN messages q ON q.id = m.reply_to AND q.state = 'shown'
WHERE m.show_id = $1 AND m.state = 'held'
ORDER BY m.id LIMIT $2

-- name: how_many
SELECT count(*) FROM messages WHERE show_id = $1 AND state = 'shown'
