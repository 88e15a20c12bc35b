-- Everything that happened in a show, in one order, kept for ever; and what one room asks a higher one to do.

-- Whose history a (epoch, seq) belongs to. A database that came back from a backup gets a new epoch, so that nobody
-- takes its numbers for those already seen.
CREATE TABLE event_log_epoch (
    only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    epoch             bigint NOT NULL,
    system_identifier bigint NOT NULL,
    timeline          integer NOT NULL
);
INSERT INTO event_log_epoch (epoch, system_identifier, timeline)
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, s.system_identifier, c.timeline_id
FROM pg_control_system() s, pg_control_checkpoint() c;

-- The head of a show's log. Updated last in a transaction: its row lock is what puts commits in order.
CREATE TABLE show_logs (
    show_id    uuid PRIMARY KEY,
    public_seq bigint NOT NULL DEFAULT 0,
    staff_seq  bigint NOT NULL DEFAULT 0,
    touched_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

CREATE TABLE show_events (
    show_id  uuid NOT NULL REFERENCES show_logs,
    scope    text NOT NULL CHECK (scope IN ('public', 'staff')),
    seq      bigint NOT NULL CHECK (seq > 0),
    id       uuid NOT NULL,
    type     text NOT NULL,
    version  smallint NOT NULL,
    data     jsonb NOT NULL,
    media_ts bigint,
    at       timestamptz NOT NULL,
    PRIMARY KEY (show_id, scope, seq)
);

CREATE TABLE outbox (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic    text NOT NULL,
    payload  jsonb NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts integer NOT NULL DEFAULT 0,
    due_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX outbox_due ON outbox (topic, due_at, id);
