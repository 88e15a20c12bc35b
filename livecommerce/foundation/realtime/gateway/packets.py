"""Reading what clients send: a text message is JSON, a bytes message is MessagePack, and nothing else is taken.

Binary attachments do not exist here: the packet that announces them ends the connection, so nothing is ever kept
while waiting for the rest.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec

from livecommerce.foundation.realtime.wire import Parser


class Kind(IntEnum):
    """Socket.IO v5 packet types."""

    CONNECT = 0
    DISCONNECT = 1
    EVENT = 2
    ACK = 3
    CONNECT_ERROR = 4
    BINARY_EVENT = 5
    BINARY_ACK = 6


class ProtocolError(Exception):
    """The packet is not one that a client may send."""


class AttachmentRefused(ProtocolError):
    """Binary attachments are not accepted."""


class Decoded(NamedTuple):
    """One packet from a client."""

    kind: Kind
    namespace: str
    data: Any
    ack_id: int | None


_JSON_PACKET = re.compile(r"([0-6])(\d+-)?(/[^,]{0,63}(?:,|$))?(\d{0,9})(.*)", re.DOTALL)
_RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})


def _extension(code: int, _data: memoryview) -> Any:
    """JavaScript's `undefined` travels as extension 0; no other extension has a meaning here."""
    if code == 0:
        return msgspec.UNSET
    raise ProtocolError("unknown MessagePack extension")


MAX_PARTS = 3
"""An event is a name and at most one argument; a third part is looked at only to refuse it."""

_from_msgpack = msgspec.msgpack.Decoder(dict[str, Any], ext_hook=_extension).decode
_from_json = msgspec.json.Decoder().decode


def parser_of(message: str | bytes) -> Parser:
    """Which parser a client speaks, told by its first message."""
    return Parser.JSON if isinstance(message, str) else Parser.MSGPACK


def decode(message: str | bytes) -> Decoded:
    """Read one packet, or raise `ProtocolError`."""
    try:
        found = _json(message) if isinstance(message, str) else _msgpack(message)
    except (msgspec.DecodeError, msgspec.ValidationError, ValueError, RecursionError, OverflowError) as exc:
        raise ProtocolError("not a packet") from exc
    if found.kind in (Kind.BINARY_EVENT, Kind.BINARY_ACK):
        raise AttachmentRefused
    if found.kind is Kind.EVENT:
        _check_event(found.data)
    elif found.kind is Kind.CONNECT and not isinstance(found.data, dict | None):
        raise ProtocolError("auth is an object")
    return found


def _json(message: str) -> Decoded:
    match = _JSON_PACKET.fullmatch(message)
    if match is None:
        raise ProtocolError("not a packet")
    kind, attachments, namespace, ack_id, data = match.groups()
    if attachments:
        raise AttachmentRefused
    return Decoded(
        Kind(int(kind)),
        (namespace or "/").rstrip(",").partition("?")[0],
        _from_json(data) if data else None,
        int(ack_id) if ack_id else None,
    )


def _msgpack(message: bytes) -> Decoded:
    fields = _from_msgpack(message)
    kind, namespace, ack_id = fields.get("type"), fields.get("nsp", "/"), _defined(fields.get("id"))
    if type(kind) is not int or not isinstance(namespace, str) or not (ack_id is None or type(ack_id) is int):
        raise ProtocolError("not a packet")
    return Decoded(Kind(kind), namespace.partition("?")[0], _defined(fields.get("data")), ack_id)


def _defined(data: Any) -> Any:
    """The data as JSON would carry it: what is `undefined` is not there."""
    if data is msgspec.UNSET:
        return None
    if isinstance(data, list):
        return [_defined(item) for item in data[:MAX_PARTS]]
    if isinstance(data, dict):
        return {key: value for key, value in data.items() if value is not msgspec.UNSET}
    return data


def _check_event(data: Any) -> None:
    """An event is a name and at most one argument."""
    if not isinstance(data, list) or not 1 <= len(data) < MAX_PARTS or not isinstance(data[0], str):
        raise ProtocolError("not an event")
    if data[0] in _RESERVED or len(data[0]) > 64:
        raise ProtocolError("a reserved name")
