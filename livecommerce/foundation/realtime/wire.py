"""What travels: envelopes, and how one of our two parsers writes a Socket.IO packet and a WebSocket frame.

An envelope is encoded once per tick, show and parser; the same bytes go to every viewer. Server frames are unmasked
and never compressed, so a frame is the same for everybody too (RFC 6455 5.2).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from livecommerce.foundation.core.events import Scope

TEXT, BINARY, CLOSE = 0x1, 0x2, 0x8
"""WebSocket opcodes."""


class Parser(StrEnum):
    """The two ways Socket.IO packets are written. The client's first message decides."""

    JSON = "json"
    MSGPACK = "msgpack"


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One event as everybody receives it. `version` is the schema's; a counter has neither `epoch` nor `seq`."""

    id: str
    type: str
    version: int
    timestamp: str
    show_id: str
    scope: Scope
    epoch: int = 0
    seq: int | None = None
    media_ts: int | None = None
    data: dict[str, Any]


class Shared:
    """A value that many answers contain: encoded at most once per parser, then spliced in as it stands."""

    __slots__ = ("_raw", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self._raw: dict[Parser, msgspec.Raw] = {}

    def raw(self, parser: Parser) -> msgspec.Raw:
        raw = self._raw.get(parser)
        if raw is None:
            raw = self._raw[parser] = msgspec.Raw(encode(parser, self.value))
        return raw


def _json_hook(value: Any) -> Any:
    if isinstance(value, Shared):
        return value.raw(Parser.JSON)
    raise NotImplementedError(f"cannot encode {type(value).__name__}")


def _msgpack_hook(value: Any) -> Any:
    if isinstance(value, Shared):
        return value.raw(Parser.MSGPACK)
    raise NotImplementedError(f"cannot encode {type(value).__name__}")


_ENCODE: dict[Parser, Callable[[Any], bytes]] = {
    Parser.JSON: msgspec.json.Encoder(enc_hook=_json_hook).encode,
    Parser.MSGPACK: msgspec.msgpack.Encoder(enc_hook=_msgpack_hook).encode,
}


def encode(parser: Parser, value: Any) -> bytes:
    """Encode a value whose times are already text (`plain` makes them so): both parsers then say the same."""
    return _ENCODE[parser](value)


def plain(value: Any) -> Any:
    """Structs, datetimes and enums as the JSON types that both parsers carry alike; what is `Shared` stays so."""
    if isinstance(value, Shared):
        return value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, msgspec.Struct):
        fields = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return {name: plain(item) for name, item in fields if item is not msgspec.UNSET}
    return msgspec.to_builtins(value, str_keys=True)


def packet(parser: Parser, kind: int, data: Any, *, ack_id: int | None = None) -> bytes:
    """A Socket.IO v5 packet of the default namespace, as the payload of a WebSocket message.

    JSON: Engine.IO's "4" (message), the packet type, the ack id, the data. MessagePack: one map
    (socket.io-msgpack-parser), sent as a binary message, which Engine.IO does not prefix.
    """
    if parser is Parser.JSON:
        head = f"4{kind}{'' if ack_id is None else ack_id}".encode()
        return head if data is None else head + encode(parser, data)
    # The JavaScript parser takes null for a value, so what is not there is left out.
    fields: dict[str, Any] = {"type": kind, "nsp": "/"} | ({} if data is None else {"data": data})
    return encode(parser, fields if ack_id is None else fields | {"id": ack_id})


def frame(parser: Parser, payload: bytes) -> bytes:
    """One unfragmented, unmasked WebSocket message."""
    return frame_of(TEXT if parser is Parser.JSON else BINARY, payload)


def frame_of(opcode: int, payload: bytes) -> bytes:
    first, length = 0x80 | opcode, len(payload)
    if length < 126:
        return struct.pack("!BB", first, length) + payload
    if length < 65536:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload


def event_frame(parser: Parser, name: str, data: Any) -> bytes:
    """A ready frame that carries one Socket.IO event."""
    return frame(parser, packet(parser, 2, [name, data]))


class Frames:
    """The frame of one tick for each parser, made when the first viewer of that parser needs it."""

    __slots__ = ("_made", "envelopes")

    def __init__(self, envelopes: Sequence[Envelope]) -> None:
        self.envelopes = envelopes
        self._made: dict[Parser, bytes] = {}

    def get(self, parser: Parser) -> bytes:
        made = self._made.get(parser)
        if made is None:
            made = self._made[parser] = event_frame(parser, "show.events", self.envelopes)
        return made
