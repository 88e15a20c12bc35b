"""One connected peer of the server: its place on the shared port, and its encrypted channel."""

import asyncio
from collections.abc import Callable

from aiortc import RTCCertificate

from livecommerce.foundation.media.rtc.answer import Transport
from livecommerce.foundation.media.rtc.dtls import DtlsRole, HandshakeFailed, SecureChannel, fingerprint
from livecommerce.foundation.media.rtc.icelite import FIRST_CHECK_S, IceLite, MuxPort
from livecommerce.foundation.media.rtc.sdp import Description


class RtcPeer:
    """ICE-lite, DTLS and SRTP of one session, as the answering side."""

    def __init__(self, port: MuxPort, certificate: RTCCertificate, offer: Description) -> None:
        # FFmpeg's muxer offers passive, browsers offer actpass (RFC 8842 5.3).
        self._role: DtlsRole = "client" if offer.setup == "passive" else "server"
        self._port, self._certificate, self._offer = port, certificate, offer
        self._ice = IceLite(port, offer.ufrag)
        self._channel = SecureChannel(self._ice, certificate, role=self._role)
        self.on_closed = self._channel.on_closed

    def transport(self, addresses: tuple[str, ...]) -> Transport:
        """What the answer says about this side."""
        return Transport(
            ufrag=self._ice.ufrag,
            password=self._ice.password,
            addresses=addresses,
            port=self._port.number,
            fingerprint=fingerprint(self._certificate),
            setup="active" if self._role == "client" else "passive",
        )

    @property
    def etag(self) -> str:
        """Names the ICE session (RFC 9725 4.3.1)."""
        return f'"{self._ice.ufrag}"'

    async def connect(self, handshakes: asyncio.Semaphore, on_ready: Callable[[], None]) -> None:
        """Wait for the peer's checks, then do the handshake when it is this peer's turn. Raises HandshakeFailed.

        `on_ready` is called at once after the handshake: whoever listens from there misses no packet.
        """
        try:
            async with asyncio.timeout(FIRST_CHECK_S):
                await self._ice.connected.wait()
                await handshakes.acquire()
        except TimeoutError as exc:
            raise HandshakeFailed from exc
        try:
            await self._channel.start(self._offer.fingerprints)
            on_ready()
        finally:
            handshakes.release()

    def listen(self, on_rtp: Callable[[bytes], None], on_rtcp: Callable[[bytes], None]) -> None:
        """Hand decrypted packets to these from now on."""
        self._channel.listen(on_rtp, on_rtcp)

    def send(self, plain: bytes) -> None:
        """Encrypt and send one RTP packet; dropped when it cannot be."""
        cipher, address = self._channel.protect(plain), self._ice.address
        if cipher is not None and address is not None:
            self._port.send(cipher, address)

    def send_rtcp(self, plain: bytes) -> None:
        """Encrypt and send one RTCP compound; dropped when it cannot be."""
        cipher, address = self._channel.protect_rtcp(plain), self._ice.address
        if cipher is not None and address is not None:
            self._port.send(cipher, address)

    @property
    def backlog(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return self._port.write_buffer

    def is_dead(self, now: float) -> bool:
        """No valid connectivity check for too long."""
        return self._ice.is_dead(now)

    async def close(self) -> None:
        """Say goodbye and free the place on the port."""
        try:
            await self._channel.close()
        finally:
            self._ice.close()
