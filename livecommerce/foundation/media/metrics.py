"""Figures of a media process for Prometheus, read when they are asked for. Labels never name a show or a person."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from livecommerce.foundation.media.node import MediaNode
from livecommerce.foundation.media.sessions import RtcServer

LAG_SAMPLE_S = 0.1


class MediaMetrics(Collector):
    """Sessions, streams by state, and the lag of the event loop. `run` samples the lag."""

    def __init__(self, node: MediaNode, rtc: RtcServer) -> None:
        self._node, self._rtc = node, rtc
        self._worst_lag_s = 0.0

    async def run(self) -> None:
        """Measure how late the loop wakes up, ten times per second."""
        while True:
            due = time.perf_counter() + LAG_SAMPLE_S
            await asyncio.sleep(LAG_SAMPLE_S)
            self._worst_lag_s = max(self._worst_lag_s, time.perf_counter() - due)

    def collect(self) -> Iterator[Metric]:
        """One reading; the worst lag is the worst since the reading before."""
        stats = self._rtc.stats()
        yield _gauge("sessions_publishing", "WHIP sessions", stats.publishers)
        yield _gauge("sessions_playing", "WHEP sessions", stats.viewers)
        yield _gauge("handshakes_failed", "DTLS handshakes that failed, since the start", stats.handshakes_failed)
        yield _gauge("datagrams_dropped", "Datagrams of unknown senders, since the start", stats.datagrams_dropped)
        yield _gauge("write_buffer_bytes", "Bytes that the kernel has not taken yet", stats.write_buffer)
        yield _gauge("hls_requests_waiting", "Blocking reloads held back", self._node.requests_waiting)
        worst, self._worst_lag_s = self._worst_lag_s, 0.0
        yield _gauge("loop_lag_seconds", "Worst lag of the event loop since the last reading", worst)
        streams = GaugeMetricFamily("livecommerce_media_streams", "Streams by state", labels=["state"])
        for state, count in self._node.streams_by_state().items():
            streams.add_metric([state], count)
        yield streams


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"livecommerce_media_{name}", text, value=value)
