"""The certificate of `demo --lan`."""

import ssl
from pathlib import Path

import pytest
from aiohttp import web

from livecommerce.demo.certificate import make_certificate
from livecommerce.demo.client import Client, Refused, Unreachable, open_session


def test_it_is_kept_as_long_as_it_fits(tmp_path: Path) -> None:
    first = make_certificate(tmp_path / "secrets", "192.168.1.20")
    content = first.certificate.read_bytes()

    again = make_certificate(tmp_path / "secrets", "192.168.1.20")
    assert again.certificate.read_bytes() == content
    moved = make_certificate(tmp_path / "secrets", "192.168.1.21")
    assert moved.certificate.read_bytes() != content


def test_only_we_may_read_its_key(tmp_path: Path) -> None:
    made = make_certificate(tmp_path / "secrets", "192.168.1.20")

    assert made.key.stat().st_mode & 0o777 == 0o600


async def test_our_clients_trust_it_and_others_do_not(tmp_path: Path) -> None:
    made = make_certificate(tmp_path / "secrets", "192.168.1.20")
    runner = web.AppRunner(web.Application())
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    base_url = f"https://127.0.0.1:{runner.addresses[0][1]}"

    async with open_session() as session:
        with pytest.raises(Refused) as answered:
            await Client(session, base_url, certificate=str(made.certificate)).get("/me")
        with pytest.raises(Unreachable):
            await Client(session, base_url).get("/me")

    assert answered.value.answered == 404
    await runner.cleanup()
