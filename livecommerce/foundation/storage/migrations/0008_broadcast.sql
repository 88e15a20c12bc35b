-- The newest stream of each show, as its viewers were told of it. The stream itself lives in the memory of a media process.

CREATE TABLE streams (
    show_id     uuid PRIMARY KEY,
    stream_id   uuid NOT NULL,
    state       text NOT NULL CHECK (state IN ('live', 'interrupted', 'ended')),
    rtp_base    bigint,                        -- of media_ts 0, 90 kHz; null when there is no picture
    pdt_base_ms bigint NOT NULL,               -- wall clock of media_ts 0
    is_hls      boolean NOT NULL,              -- VP8 and VP9 are passed on over WebRTC only
    changed_at  timestamptz NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX streams_unfinished ON streams (changed_at) WHERE state <> 'ended';
