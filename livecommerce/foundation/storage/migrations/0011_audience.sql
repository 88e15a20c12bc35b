-- The largest audience that a show has had.

CREATE TABLE audience_peaks (
    show_id uuid PRIMARY KEY REFERENCES show_logs,
    viewers integer NOT NULL CHECK (viewers > 0),
    at      timestamptz NOT NULL
);
