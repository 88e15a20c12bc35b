-- Shows: what is planned, what is on air, what is on the table.

CREATE TABLE shows (
    id           uuid PRIMARY KEY,
    title        text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 120),
    description  text NOT NULL DEFAULT '' CHECK (char_length(description) <= 2000),
    status       text NOT NULL CHECK (status IN ('scheduled', 'live', 'paused', 'ended')),
    kind         text NOT NULL CHECK (kind IN ('show', 'rehearsal')),
    visibility   text NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
    host_id      uuid NOT NULL REFERENCES people,
    starts_at    timestamptz NOT NULL,
    started_at   timestamptz,
    paused_at    timestamptz,
    ended_at     timestamptz,
    pause_reason text CHECK (pause_reason IN ('host', 'stream_lost')),
    poster_key   text,
    slow_s       integer NOT NULL DEFAULT 0 CHECK (slow_s BETWEEN 0 AND 3600),
    hold_all     boolean NOT NULL DEFAULT false,
    is_closed    boolean NOT NULL DEFAULT false,
    version      integer NOT NULL DEFAULT 1,
    created_at   timestamptz NOT NULL,
    CHECK ((status = 'scheduled') = (started_at IS NULL)),
    CHECK ((status = 'paused') = (pause_reason IS NOT NULL)),
    CHECK ((status = 'paused') = (paused_at IS NOT NULL)),
    CHECK ((status = 'ended') = (ended_at IS NOT NULL)),
    CHECK (kind = 'show' OR visibility <> 'public')
);
CREATE INDEX shows_status ON shows (status, starts_at);

CREATE TABLE show_lineup (
    show_id    uuid NOT NULL REFERENCES shows,
    product_id uuid NOT NULL REFERENCES products,
    position   integer NOT NULL CHECK (position BETWEEN 0 AND 199),
    PRIMARY KEY (show_id, product_id),
    UNIQUE (show_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX show_lineup_product ON show_lineup (product_id);

CREATE TABLE show_pins (
    show_id    uuid NOT NULL,
    product_id uuid NOT NULL,
    position   integer NOT NULL CHECK (position BETWEEN 0 AND 2),
    media_ts   bigint,
    pinned_at  timestamptz NOT NULL,
    PRIMARY KEY (show_id, product_id),
    UNIQUE (show_id, position) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (show_id, product_id) REFERENCES show_lineup DEFERRABLE INITIALLY DEFERRED
);
