"""What every room stands on, and what knows no room: core, storage, http, realtime, media."""
