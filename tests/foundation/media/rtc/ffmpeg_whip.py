"""A program of its own, because the muxer holds the interpreter lock: URL, certificate, H.264 file, seconds."""

import sys
import time
from fractions import Fraction

import av

FPS = 25


def main(url: str, pem: str, clip: str, seconds: float) -> None:
    with av.open(clip, "r", format="h264") as source:
        template = source.streams.video[0]
        packets = [(bytes(packet), packet.is_keyframe) for packet in source.demux(template) if packet.size]
        options = {"cert_file": pem, "key_file": pem, "authorization": "token"}
        with av.open(url, "w", format="whip", options=options) as container:
            stream = container.add_stream_from_template(template)
            stream.time_base = Fraction(1, 90_000)
            began = time.monotonic()
            for index in range(round(seconds * FPS)):
                time.sleep(max(0.0, began + index / FPS - time.monotonic()))
                data, is_key = packets[index % len(packets)]
                packet = av.Packet(data)
                packet.stream, packet.time_base, packet.is_keyframe = stream, Fraction(1, 90_000), is_key
                packet.pts = packet.dts = index * 90_000 // FPS
                container.mux(packet)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
