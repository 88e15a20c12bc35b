"""HLS addresses: which file of an origin a path means. Paths are checked by pattern; nothing is opened by name."""

import re
from urllib.parse import parse_qsl

from livecommerce.foundation.core.errors import NotFound
from livecommerce.foundation.media.door import File
from livecommerce.foundation.media.origin import BadReload, Origin, Reload
from livecommerce.foundation.media.playlist import MASTER, MEDIA, TARGET_DURATION_S

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
MEDIA_TYPE = "video/mp4"
PLAIN_MAX_AGE_S = 0.25
"""Half a part: how old a playlist may be that was asked for without directives."""
BLOCKING_MAX_AGE_S = float(TARGET_DURATION_S)
"""The answer to a blocking reload holds what was asked for, for ever; players ask for a later one within this time."""
MAX_QUERY = 200

_MEDIA_FILE = re.compile(r"([0-9a-f]{8})/(?:p(\d{1,9})\.(\d{1,4})\.m4s|s(\d{1,9})\.m4s|i(\d{1,9})\.mp4)")
_NUMBER = re.compile(r"\d{1,9}")


def is_hls_path(path: str) -> bool:
    """Whether the path, without query, can name a file of HLS at all."""
    return path in (MASTER, MEDIA) or _MEDIA_FILE.fullmatch(path) is not None


async def hls_file(origin: Origin, address: str) -> File:
    """The file at a path with its query; waits as its directives say. NotFound, BadReload, NotStreaming or Busy."""
    path, _, query = address.partition("?")
    if path == MASTER:
        return File(origin.master().encode(), PLAYLIST_TYPE, PLAIN_MAX_AGE_S)
    if path == MEDIA:
        reload = parse_reload(query)
        text = await origin.playlist(reload)
        return File(text.encode(), PLAYLIST_TYPE, PLAIN_MAX_AGE_S if reload.msn is None else BLOCKING_MAX_AGE_S)
    found = _MEDIA_FILE.fullmatch(path)
    if found is None or found[1] != origin.epoch:
        raise NotFound()
    return File(await _media(origin, found), MEDIA_TYPE, None)


async def _media(origin: Origin, found: re.Match[str]) -> bytes:
    if found[2] is not None:
        return await origin.part(int(found[2]), int(found[3]))
    return origin.segment(int(found[4])) if found[4] is not None else origin.init(int(found[5]))


def parse_reload(query: str) -> Reload:
    """Delivery directives (RFC 8216bis 6.2.5); unknown ones are ignored, unreadable ones are a bad request."""
    if len(query) > MAX_QUERY:
        raise BadReload()
    values = dict(parse_qsl(query, max_num_fields=16))
    skip = values.get("_HLS_skip")
    if skip not in (None, "YES", "v2"):
        raise BadReload("_HLS_skip is YES or v2.")
    return Reload(_number(values, "_HLS_msn"), _number(values, "_HLS_part"), skip is not None)


def reload_query(reload: Reload) -> str:
    """The directives in one fixed order, so that equal requests share a cache entry."""
    named = (("_HLS_msn", reload.msn), ("_HLS_part", reload.part), ("_HLS_skip", "YES" if reload.skip else None))
    return "&".join(f"{name}={value}" for name, value in named if value is not None)


def _number(values: dict[str, str], name: str) -> int | None:
    text = values.get(name)
    if text is None:
        return None
    if not (text.isascii() and _NUMBER.fullmatch(text)):
        raise BadReload(f"{name} is a number.")
    return int(text)
