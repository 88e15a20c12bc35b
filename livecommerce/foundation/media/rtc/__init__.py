"""WebRTC protocol machinery: one UDP port, DTLS-SRTP, SDP, RTP and RTCP. Knows peers, not streams."""
