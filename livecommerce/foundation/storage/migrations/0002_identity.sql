-- People, how they sign in, what they may do in which show, and the trail of what staff did.

CREATE TABLE people (
    id            uuid PRIMARY KEY,
    kind          text NOT NULL CHECK (kind IN ('guest', 'account', 'staff')),
    role          text NOT NULL CHECK (role IN ('owner', 'host', 'moderator', 'viewer')),
    display_name  text NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 40),
    contact       text UNIQUE CHECK (contact = lower(contact) AND char_length(contact) <= 254),
    password_hash text,
    created_at    timestamptz NOT NULL,
    disabled_at   timestamptz,
    version       integer NOT NULL DEFAULT 1,
    CHECK (kind = 'staff' OR (role = 'viewer' AND password_hash IS NULL)),
    CHECK (kind = 'guest' OR contact IS NOT NULL)
);

CREATE TABLE sessions (
    id         uuid PRIMARY KEY,
    person_id  uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_person ON sessions (person_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- A code that was mailed to prove an address. Several may be open for one address, so that nobody can void another's.
CREATE TABLE contact_codes (
    id           uuid PRIMARY KEY,
    email        text NOT NULL,
    display_name text NOT NULL,
    requested_by uuid REFERENCES people ON DELETE CASCADE,
    code_hash    bytea NOT NULL,
    tries        smallint NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL
);
CREATE INDEX contact_codes_email ON contact_codes (email);
CREATE INDEX contact_codes_expiry ON contact_codes (expires_at);

-- A long random code that is worth one sign-in, as printed by the demo.
CREATE TABLE once_codes (
    code_hash  bytea PRIMARY KEY,
    person_id  uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);

-- What a person may do in one show; no permission at all means invited to watch. Shows live in a higher room: no key.
CREATE TABLE show_grants (
    show_id     uuid NOT NULL,
    person_id   uuid NOT NULL REFERENCES people ON DELETE CASCADE,
    permissions text[] NOT NULL DEFAULT '{}',
    granted_at  timestamptz NOT NULL,
    PRIMARY KEY (show_id, person_id)
);
CREATE INDEX show_grants_person ON show_grants (person_id);

CREATE TABLE audit_trail (
    id           uuid PRIMARY KEY,
    show_id      uuid,
    actor_id     uuid NOT NULL,
    actor_name   text NOT NULL,
    actor_role   text NOT NULL,
    action       text NOT NULL,
    subject_kind text,
    subject_id   text,
    detail       jsonb NOT NULL DEFAULT '{}',
    at           timestamptz NOT NULL
);
CREATE INDEX audit_trail_show ON audit_trail (show_id, id DESC);
