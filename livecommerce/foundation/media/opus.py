"""What the packager must know of Opus (RFC 6716): how long a packet lasts, and a packet of silence."""

RATE = 48_000
SILENCE = b"\xf8\xff\xfe"
"""20 ms of digital silence, CELT fullband mono (RFC 6716 3.1); decoders play it into any channel layout."""
SILENCE_TICKS = 960
MAX_PACKET_TICKS = 5760

_FRAME_TICKS = (
    *(480, 960, 1920, 2880) * 3,  # SILK narrow, medium, wide band: 10, 20, 40, 60 ms
    *(480, 960) * 2,  # hybrid
    *(120, 240, 480, 960) * 4,  # CELT: 2.5, 5, 10, 20 ms
)


def packet_ticks(packet: bytes) -> int:
    """Duration of a packet in 48 kHz ticks from its TOC byte (RFC 6716 3.1); 0 when it is malformed."""
    if not packet:
        return 0
    frame = _FRAME_TICKS[packet[0] >> 3]
    match packet[0] & 3:
        case 0:
            count = 1
        case 1 | 2:
            count = 2
        case _:
            count = packet[1] & 0x3F if len(packet) > 1 else 0
    ticks = frame * count
    return ticks if ticks <= MAX_PACKET_TICKS else 0
