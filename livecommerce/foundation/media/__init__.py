"""Picture and sound: WebRTC in and out, segments, recordings. Nothing is decoded on the way."""
