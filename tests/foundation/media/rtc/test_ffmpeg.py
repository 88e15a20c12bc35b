"""FFmpeg's own WHIP muxer (inside PyAV's wheel) as an independent publisher: it offers `setup:passive`."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from livecommerce.foundation.media.relay import Relay
from livecommerce.foundation.media.sessions import PublishSession, RtcServer

Clip = list[tuple[bytes, bool]]


@pytest.fixture
async def whip(server: RtcServer) -> AsyncIterator[tuple[str, Relay, list[PublishSession]]]:
    relay, sessions = Relay(), list[PublishSession]()

    async def post(request: web.Request) -> web.Response:
        session = await server.publish(relay, await request.text())
        sessions.append(session)
        return web.Response(
            status=201, text=session.answer_sdp, content_type="application/sdp", headers={"Location": f"/{session.id}"}
        )

    async def delete(request: web.Request) -> web.Response:
        await sessions[0].close()
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/whip", post), web.delete("/{id}", delete)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/whip", relay, sessions
    await runner.cleanup()


def certificate(folder: Path) -> Path:
    """A P-256 certificate and its key: the muxer's own has a curve that OpenSSL refuses."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ffmpeg")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "ffmpeg.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.mark.timeout(40)
async def test_ffmpeg_publishes(whip: tuple[str, Relay, list[PublishSession]], clip: Clip, tmp_path: Path) -> None:
    url, relay, sessions = whip
    recording = tmp_path / "clip.h264"
    recording.write_bytes(b"".join(data for data, _ in clip))
    program = Path(__file__).with_name("ffmpeg_whip.py")

    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), url, str(certificate(tmp_path)), str(recording), "2.5"
    )
    try:
        async with asyncio.timeout(20):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    assert [track.codec for track in relay.tracks] == ["H264"]
    stats = sessions[0].stats()
    assert stats is not None
    assert stats.lost == 0
    assert relay.stats().keyframe_interval_ms in range(800, 1200)
