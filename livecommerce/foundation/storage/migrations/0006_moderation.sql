-- Who may not speak or watch in which show.

CREATE TABLE sanctions (
    id          uuid PRIMARY KEY,
    show_id     uuid NOT NULL REFERENCES show_logs,
    viewer_id   uuid NOT NULL REFERENCES people,
    viewer_name text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('mute', 'ban')),
    reason      text NOT NULL,
    until       timestamptz,
    at          timestamptz NOT NULL,
    by_id       uuid NOT NULL,
    by_name     text NOT NULL,
    lifted_at   timestamptz
);
-- At most one of a kind is in force per person and show: a new one replaces the old.
CREATE UNIQUE INDEX sanctions_in_force ON sanctions (show_id, viewer_id, kind) WHERE lifted_at IS NULL;
