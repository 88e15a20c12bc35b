"""WHIP, WHEP and HLS as a client sees them."""

import asyncio
import re
import subprocess
import sys
from dataclasses import replace

import pytest
import rules
import studio

from livecommerce.broadcast.jobs import Doorman
from livecommerce.foundation.core.actors import HOST_SHOW_PERMISSIONS, Actor, ActorKind, Role
from livecommerce.foundation.core.clock import SystemClock
from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.ids import PersonId, new_id
from livecommerce.foundation.media.door import StreamState
from livecommerce.foundation.realtime.bus import PEOPLE, Bus
from livecommerce.foundation.realtime.listening import Ear
from livecommerce.foundation.storage.redis import connect_blocking
from livecommerce.shows.model import ShowStatus, Visibility

SDP = "application/sdp"


def headers(token="host", **more):
    return {
        "Authorization": f"Bearer {token}",
        "Content-Type": SDP,
        **{k.replace("_", "-"): v for k, v in more.items()},
    }


async def go_live(room, show):
    """Publish over the WHIP door, and wait until the playlist is there."""
    pc, offer = await studio.sending()
    async with room.client.post(f"/api/v1/shows/{show.id}/whip", data=offer, headers=headers()) as response:
        assert response.status == 201, await response.text()
        answer, location = await response.text(), response.headers["Location"]
        etag = response.headers["ETag"]
    await studio.accept(pc, answer)
    await studio.until(lambda: room.node._streams[show.id].is_published)
    stream = room.node._streams[show.id]
    await studio.until(lambda: stream.packaging.origin is not None and stream.packaging.origin.is_ready)
    return pc, location, etag


async def get(room, path, **options):
    async with room.client.get(path, **options) as response:
        return response, await response.read()


async def test_whip_dialogue_from_offer_to_delete(room):
    show = await room.show()
    pc, location, etag = await go_live(room, show)
    fragment = headers(Content_Type="application/trickle-ice-sdpfrag")

    assert re.fullmatch(rf"/api/v1/shows/{show.id}/whip/[\w-]{{22,}}", location)
    assert re.fullmatch(r'"[^"]+"', etag)
    expected = {None: 428, etag: 204, '"stale"': 412, "*": 422}
    for tag, status in expected.items():
        sent = {**fragment, **({"If-Match": tag} if tag else {})}
        async with room.client.patch(location, data="a=ice-ufrag:x\r\n", headers=sent) as response:
            assert response.status == status, tag
    async with room.client.patch(location, data="x", headers=headers()) as response:
        assert response.status == 415
    for status in (200, 404):
        async with room.client.delete(location, headers=headers()) as response:
            assert response.status == status
    await studio.until(lambda: room.node._streams[show.id].state is StreamState.INTERRUPTED)
    await pc.close()


@pytest.mark.parametrize("kind", ["whip", "whep"])
async def test_bad_offers_are_refused_with_their_status(room, kind):
    show = await room.show()
    url = f"/api/v1/shows/{show.id}/{kind}"
    if kind == "whep":
        pc, _, _ = await go_live(room, show)
        await pc.close()

    for body, sent, status in (
        ("v=0", headers(Content_Type="text/plain"), 415),
        ("nonsense", headers(), 400),
        (b"\xff\xfe", headers(), 400),
        ("a" * (16 * 1024 + 1), headers(), 413),
        ("v=0", {"Content-Type": SDP}, 401),
        ("v=0", headers("unknown"), 401),
    ):
        async with room.client.post(url, data=body, headers=sent) as response:
            assert response.status == status, (body[:20], await response.text())
            assert response.content_type == "application/problem+json"


async def test_offer_without_a_common_codec_is_not_acceptable(room):
    show = await room.show()
    pc, offer = await studio.sending()
    alien = re.sub(r"(a=rtpmap:\d+ )(VP8|H264)/", r"\1XYZ/", offer)

    async with room.client.post(f"/api/v1/shows/{show.id}/whip", data=alien, headers=headers()) as response:
        assert response.status == 406

    await pc.close()


async def test_only_those_who_may_publish_do(room):
    show = await room.show()
    pc, offer = await studio.sending()
    url = f"/api/v1/shows/{show.id}/whip"

    async with room.client.post(url, data=offer, headers=headers("viewer")) as response:
        assert response.status == 403
    async with room.client.post(f"/api/v1/shows/{new_id()}/whip", data=offer, headers=headers()) as response:
        assert response.status == 404
    room.shows.shows[show.id] = room.shows.shows[show.id].end(room.shows.clock.now())
    other = await room.show(status=ShowStatus.ENDED)
    async with room.client.post(f"/api/v1/shows/{other.id}/whip", data=offer, headers=headers()) as response:
        assert response.status == 409
    assert not room.node._streams
    await pc.close()


async def test_second_host_gets_conflict_while_the_first_one_streams(room):
    show = await room.show()
    pc, _, _ = await go_live(room, show)
    room.tokens.actors["second"] = Actor(
        PersonId(new_id()), "Nils", Role.HOST, ActorKind.STAFF, grants={show.id: HOST_SHOW_PERMISSIONS}
    )
    other, offer = await studio.sending()

    async with room.client.post(f"/api/v1/shows/{show.id}/whip", data=offer, headers=headers("second")) as response:
        assert response.status == 409
        assert (await response.json())["code"] == "published_by_another"

    await other.close()
    await pc.close()


async def test_session_belongs_to_the_person_who_made_it(room):
    show = await room.show()
    pc, location, _ = await go_live(room, show)

    async with room.client.delete(location, headers=headers("viewer")) as response:
        assert response.status == 404
    assert room.node._streams[show.id].is_published
    await pc.close()


async def test_preflight_tells_what_the_endpoint_takes(room):
    show = await room.show()

    async with room.client.options(f"/api/v1/shows/{show.id}/whip") as response:
        assert response.status == 204
        assert response.headers["Accept-Post"] == SDP
        assert "Link" not in response.headers
        assert "Location" in response.headers["Access-Control-Expose-Headers"]


async def test_viewer_watches_over_whep_and_is_counted(room):
    show = await room.show()
    viewer, offer, seen = await studio.receiving()
    url = f"/api/v1/shows/{show.id}/whep"
    async with room.client.post(url, data=offer, headers=headers("guest")) as response:
        assert response.status == 409
    pc, _, _ = await go_live(room, show)

    async with room.client.post(url, data=offer, headers=headers("guest")) as response:
        assert response.status == 201
        await studio.accept(viewer, await response.text())
    await asyncio.wait_for(seen.wait(), 30)

    response, _ = await get(room, f"/api/v1/shows/{show.id}/stream", headers=headers("viewer"))
    assert response.status == 403
    async with room.client.get(f"/api/v1/shows/{show.id}/stream", headers=headers()) as response:
        numbers = await response.json()
    assert numbers["state"] == "live"
    assert numbers["viewers"]["whep"] == 1
    assert (numbers["width"], numbers["height"]) == (320, 240)
    await viewer.close()
    await pc.close()


async def test_public_show_plays_without_a_token_and_may_be_cached(room):
    show = await room.show()
    base = f"/api/v1/shows/{show.id}/hls"
    response, _ = await get(room, f"{base}/index.m3u8")
    assert response.status == 404
    pc, _, _ = await go_live(room, show)

    response, master = await get(room, f"{base}/index.m3u8")
    assert response.headers["Cache-Control"] == "public, max-age=1"
    assert master.decode().splitlines()[-1] == "media.m3u8"
    response, text = await get(room, f"{base}/media.m3u8?_HLS_msn=1&_HLS_part=0")
    page = rules.check(text.decode())
    response, part = await get(room, f"{base}/{page.parts[0][1]}")

    assert response.headers["Cache-Control"] == "public, max-age=3600, immutable"
    assert response.content_type == "video/mp4"
    assert part[4:8] == b"moof"
    for path in ("media.m3u8?_HLS_part=1", "media.m3u8?_HLS_msn=abc", "media.m3u8?_HLS_msn=999999999"):
        response, _ = await get(room, f"{base}/{path}")
        assert response.status == 400, path
    for path in ("deadbeef/p0.0.m4s", "x.m3u8", "%2e%2e/%2e%2e/secrets", f"{page.parts[0][1]}x"):
        response, _ = await get(room, f"{base}/{path}")
        assert response.status == 404, path
    await pc.close()


async def test_who_watches_goes_on_watching_while_postgresql_is_lost(room, monkeypatch):
    show, unseen = await room.show(), await room.show()
    address = f"/api/v1/shows/{show.id}/hls/media.m3u8"
    monkeypatch.setattr("livecommerce.broadcast.service.broadcast.SEEN_MS", 0)
    monkeypatch.setattr("livecommerce.broadcast.service.broadcast.SEEN_AFTER_TROUBLE_MS", 0)
    pc, _, _ = await go_live(room, show)
    before, _ = await get(room, address)

    async def lost(_):
        raise StorageUnavailable(retry_after_s=2)

    with monkeypatch.context() as outage:
        outage.setattr(room.shows, "get", lost)
        during = [(await get(room, address))[0].status for _ in range(3)]
        unknown, _ = await get(room, f"/api/v1/shows/{unseen.id}/hls/media.m3u8")
    room.shows.shows[show.id] = replace(show, visibility=Visibility.PRIVATE)
    after, _ = await get(room, address)

    assert (before.status, during, unknown.status) == (200, [200, 200, 200], 503)
    assert after.status == 404, "what has changed meanwhile counts again"
    await pc.close()


async def test_private_show_plays_only_below_its_path_key(room):
    show = await room.show(visibility=Visibility.PRIVATE)
    base = f"/api/v1/shows/{show.id}/hls"
    pc, _, _ = await go_live(room, show)
    guest = room.tokens.actors["guest"]
    room.tokens.actors["invited"] = Actor(guest.id, "Ida", guest.role, guest.kind, grants={show.id: frozenset()})

    for sent in ({}, headers("viewer")):
        response, _ = await get(room, f"{base}/index.m3u8", headers=sent)
        assert response.status == 404
    response, master = await get(room, f"{base}/index.m3u8", headers=headers("invited"))
    _, same = await get(room, f"{base}/index.m3u8", headers=headers())
    media = master.decode().splitlines()[-1]

    assert response.headers["Cache-Control"] == "private, no-store"
    assert master == same, "the key is the same for all viewers, so that caches work"
    assert re.fullmatch(r"k/[0-9a-f]{32}/media\.m3u8", media)
    response, text = await get(room, f"{base}/{media}")
    assert response.status == 200
    part = rules.check(text.decode()).parts[0][1]
    response, _ = await get(room, f"{base}/{media.removesuffix('media.m3u8')}{part}")
    assert response.status == 200
    for path in ("media.m3u8", part, f"k/{'0' * 32}/media.m3u8", f"k/{'0' * 32}/{part}"):
        response, _ = await get(room, f"{base}/{path}")
        assert response.status == 404, path
    pc_offer = await studio.receiving()
    async with room.client.post(
        f"/api/v1/shows/{show.id}/whep", data=pc_offer[1], headers=headers("viewer")
    ) as response:
        assert response.status == 404
    await pc_offer[0].close()
    await pc.close()


async def test_offers_are_rate_limited(room):
    show = await room.show()
    statuses = []
    for _ in range(32):
        async with room.client.post(f"/api/v1/shows/{show.id}/whip", data="v=0", headers=headers()) as response:
            statuses.append(response.status)
            if response.status == 429:
                assert int(response.headers["Retry-After"]) >= 1

    assert statuses[0] == 400
    assert statuses[-1] == 429


def test_web_process_never_loads_webrtc_or_codecs():
    program = (
        "import sys; import livecommerce.broadcast.http, livecommerce.foundation.media.remote;"
        "import livecommerce.foundation.media.edge, livecommerce.broadcast.service;"
        "sys.exit(', '.join({'aiortc', 'aioice', 'av', 'pylibsrtp'} & set(sys.modules)) or 0)"
    )

    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr


async def test_banned_viewer_loses_the_picture_and_gets_no_other(room, redis, redis_url):
    show = await room.show()
    pc, _, _ = await go_live(room, show)
    viewer, offer, seen = await studio.receiving()
    url = f"/api/v1/shows/{show.id}/whep"
    async with room.client.post(url, data=offer, headers=headers("guest")) as response:
        location = response.headers["Location"]
        await studio.accept(viewer, await response.text())
    await asyncio.wait_for(seen.wait(), 30)
    listening = connect_blocking(redis_url)
    ear = Ear(listening)
    doorman = asyncio.ensure_future(Doorman(ear, room.node).run())
    await studio.until(lambda: PEOPLE in ear._confirmed)

    room.bans.of.add((show.id, room.tokens.actors["guest"].id))
    await Bus(redis, SystemClock()).disconnect(room.tokens.actors["guest"].id, "banned", show.id)

    await studio.until(lambda: not room.node._streams[show.id].sessions_of(room.tokens.actors["guest"].id))
    async with room.client.delete(location, headers=headers("guest")) as response:
        assert response.status == 404
    async with room.client.post(url, data=offer, headers=headers("guest")) as response:
        assert response.status == 403
        assert (await response.json())["code"] == "banned"
    assert room.node._streams[show.id].is_published, "nobody else is disconnected"
    doorman.cancel()
    await asyncio.gather(doorman, return_exceptions=True)
    await listening.aclose()
    await viewer.close()
    await pc.close()
