"""DTLS-SRTP of one peer, and the only file that touches what aiortc calls private.

Concurrency: one reader task per channel, owned by aiortc's transport, started by `start` and ended by `close`. It reads
the ICE session's inbox and calls `on_rtp` / `on_rtcp` with decrypted bytes. An exception there would end the reader and
with it the session, so it is caught, counted and logged once per channel.

Seams (aiortc 1.16), proven by `check_aiortc_contract` and by a real handshake in the tests:
B1 `RTCDtlsTransport._handle_rtp_data`, `._handle_rtcp_data` · B2 `._tx_srtp.protect`, `.protect_rtcp` ·
B3 `._set_role` · B5 the transport's own `_recv`, `_send`, `role`. (B4 and B6 of the design are not used here.)
"""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, cast

import pylibsrtp
import structlog
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport, RTCIceTransport

from livecommerce.foundation.media.rtc.sdp import Fingerprint

log = structlog.get_logger(__name__)

DtlsRole = Literal["client", "server"]
HANDSHAKE_S = 5.0
"""Long enough for two lost flights (DTLS repeats after 1 s and 2 s), short because it holds one of few places."""


class IceSession(Protocol):
    """What lies below DTLS: one selected pair."""

    role: str

    async def _recv(self) -> bytes: ...

    async def _send(self, data: bytes) -> None: ...


class HandshakeFailed(Exception):
    """The peer did not complete DTLS, or showed a certificate other than the one in its SDP."""


def make_certificate() -> RTCCertificate:
    """A self-signed P-256 certificate, valid for 30 days."""
    return RTCCertificate.generateCertificate()


def fingerprint(certificate: RTCCertificate) -> Fingerprint:
    """The SHA-256 fingerprint that goes into the SDP (RFC 8122 5)."""
    found = next(item for item in certificate.getFingerprints() if item.algorithm == "sha-256")
    return Fingerprint(found.algorithm, found.value)


class TapDtls(RTCDtlsTransport):
    """aiortc's DTLS transport, with decrypted packets handed out instead of routed."""

    def __init__(self, session: IceSession, certificate: RTCCertificate) -> None:
        super().__init__(cast(RTCIceTransport, session), [certificate])
        self.on_rtp: Callable[[bytes], None] = _ignore
        self.on_rtcp: Callable[[bytes], None] = _ignore
        self.errors = 0

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        self._tap(self.on_rtp, data)

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self._tap(self.on_rtcp, data)

    def _tap(self, handler: Callable[[bytes], None], data: bytes) -> None:
        try:
            handler(data)
        except Exception as exc:
            self.errors += 1
            if self.errors == 1:
                log.exception("media packet handler failed", exc_info=exc)


def _ignore(data: bytes) -> None:
    """Packets that arrive before anybody listens."""


class SecureChannel:
    """Encrypted RTP and RTCP to and from one peer."""

    def __init__(self, session: IceSession, certificate: RTCCertificate, *, role: DtlsRole) -> None:
        self._dtls = TapDtls(session, certificate)
        self._dtls._set_role(role)
        self._role = role
        self._srtp: Any = None
        self.send_failures = 0

    def listen(self, on_rtp: Callable[[bytes], None], on_rtcp: Callable[[bytes], None]) -> None:
        """Hand decrypted packets to these from now on."""
        self._dtls.on_rtp, self._dtls.on_rtcp = on_rtp, on_rtcp

    def on_closed(self, handler: Callable[[], None]) -> None:
        """Call `handler` when the peer closes DTLS or the reader ends (not when the handshake fails)."""

        def changed() -> None:
            if self._dtls.state == "closed":
                handler()

        self._dtls.on("statechange", changed)

    async def start(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Do the handshake and compare the peer's certificate. Raises HandshakeFailed."""
        remote = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(algorithm=item.algorithm, value=item.value) for item in fingerprints],
            role="server" if self._role == "client" else "client",
        )
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                await self._dtls.start(remote)
        except TimeoutError as exc:
            raise HandshakeFailed from exc
        if self._dtls.state != "connected":
            raise HandshakeFailed
        self._srtp = self._dtls._tx_srtp

    def protect(self, plain: bytes) -> bytes | None:
        """One RTP packet as SRTP; None when it cannot be protected (counted)."""
        try:
            cipher: bytes = self._srtp.protect(plain)
            return cipher
        except (pylibsrtp.Error, AttributeError):
            self.send_failures += 1
            return None

    def protect_rtcp(self, plain: bytes) -> bytes | None:
        """One RTCP compound as SRTCP; None when it cannot be protected (counted)."""
        try:
            cipher: bytes = self._srtp.protect_rtcp(plain)
            return cipher
        except (pylibsrtp.Error, AttributeError):
            self.send_failures += 1
            return None

    @property
    def tap_errors(self) -> int:
        """Packets whose handler raised."""
        return self._dtls.errors

    async def close(self) -> None:
        """Say close_notify and stop reading."""
        await self._dtls.stop()
        self._srtp = None


class AiortcChanged(RuntimeError):
    """This aiortc is not one whose private seams we know."""


def check_aiortc_contract() -> None:
    """Compare the names and signatures that this file relies on. Raises AiortcChanged."""
    expected = {
        "_handle_rtp_data": ["self", "data", "arrival_time_ms"],
        "_handle_rtcp_data": ["self", "data"],
        "_set_role": ["self", "role"],
        "_setup_srtp": ["self"],
        "_recv_next": ["self"],
        "_write_ssl": ["self"],
        "start": ["self", "remoteParameters"],
        "stop": ["self"],
    }
    for name, parameters in expected.items():
        method = getattr(RTCDtlsTransport, name, None)
        if method is None or list(inspect.signature(method).parameters) != parameters:
            raise AiortcChanged(f"RTCDtlsTransport.{name}")
    for name in ("_handle_rtp_data", "_handle_rtcp_data", "start", "stop"):
        if not inspect.iscoroutinefunction(getattr(RTCDtlsTransport, name)):
            raise AiortcChanged(f"RTCDtlsTransport.{name} is not a coroutine")
    for name, used in (("_setup_srtp", "_tx_srtp"), ("_recv_next", "_recv"), ("_write_ssl", "_send")):
        if used not in getattr(RTCDtlsTransport, name).__code__.co_names:
            raise AiortcChanged(f"RTCDtlsTransport.{name} does not use {used}")
