-- What people say in a show. Shown messages are in the order of the show's event log.

CREATE TABLE messages (
    id          uuid PRIMARY KEY,
    show_id     uuid NOT NULL REFERENCES show_logs,
    author_id   uuid NOT NULL REFERENCES people,
    author_name text NOT NULL,
    author_role text NOT NULL,
    author_kind text NOT NULL,
    text        text NOT NULL CHECK (char_length(text) BETWEEN 1 AND 500),
    reply_to    uuid REFERENCES messages,
    state       text NOT NULL CHECK (state IN ('shown', 'held', 'hidden')),
    seq         bigint,
    nonce       text NOT NULL CHECK (char_length(nonce) BETWEEN 1 AND 64),
    at          timestamptz NOT NULL,
    CHECK (state <> 'shown' OR seq IS NOT NULL)
);
-- The same message sent twice is one message.
CREATE UNIQUE INDEX messages_nonce ON messages (show_id, author_id, nonce);
CREATE INDEX messages_shown ON messages (show_id, seq DESC) WHERE state = 'shown';
CREATE INDEX messages_held ON messages (show_id, id) WHERE state = 'held';
