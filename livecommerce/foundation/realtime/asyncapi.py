"""AsyncAPI 3 of the Socket.IO door, from the types that are decoded and told: what is documented is what runs.

The pages' TypeScript types are checked against the same schemas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_type_hints

import msgspec

from livecommerce.foundation.core.events import Counter, Event, Notice, declared
from livecommerce.foundation.realtime.gateway.door import Message
from livecommerce.foundation.realtime.wire import Envelope

_REF = "#/components/schemas/{name}"


def document(messages: Iterable[Message], *, version: str) -> dict[str, Any]:
    """The document: what clients may send with its ack, and what `show.events` and `notice` carry."""
    said = {message.name: (message.body, _ack(message)) for message in messages}
    told = _named(declared(Event)) | _named(declared(Counter))
    notices = _named(declared(Notice))
    types = [kind for pair in said.values() for kind in pair if kind] + [*told.values(), *notices.values(), Envelope]
    unique = list({repr(kind): kind for kind in types}.values())
    schemas, components = msgspec.json.schema_components(unique, ref_template=_REF)
    schema_of = dict(zip(map(repr, unique), schemas, strict=True))
    entries: dict[str, Any] = {name: _message(name, schema_of[repr(body)]) for name, (body, _) in said.items()}
    entries |= {f"{name}.ack": _message(f"{name} ack", schema_of[repr(ack)]) for name, (_, ack) in said.items() if ack}
    entries |= {name: _message(name, schema_of[repr(kind)]) for name, kind in told.items()}
    entries |= {f"notice.{name}": _message(name, schema_of[repr(kind)]) for name, kind in notices.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "livecommerce", "version": version},
        "defaultContentType": "application/msgpack",
        "channels": {
            "socket": {
                "address": "/socket.io",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in entries},
            }
        },
        "operations": _operations(said, told, notices),
        "components": {"messages": entries, "schemas": components},
    }


def _named(kinds: Iterable[Any]) -> dict[str, Any]:
    return {kind.type: kind for kind in kinds}


def _ack(message: Message) -> Any:
    """What the handler promises to return; None when it answers with nothing but `ok`."""
    try:
        kind = get_type_hints(message.handler).get("return")
    except NameError:
        return None
    return kind if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else None


def _message(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "payload": schema}


def _operations(
    said: Mapping[str, tuple[Any, Any]], told: Mapping[str, Any], notices: Mapping[str, Any]
) -> dict[str, Any]:
    channel = {"$ref": "#/channels/socket"}

    def reference(name: str) -> dict[str, str]:
        return {"$ref": f"#/channels/socket/messages/{name}"}

    operations: dict[str, Any] = {
        "show.events": {"action": "send", "channel": channel, "messages": [reference(name) for name in told]},
        "notice": {"action": "send", "channel": channel, "messages": [reference(f"notice.{name}") for name in notices]},
    }
    for name, (_, ack) in said.items():
        operation: dict[str, Any] = {"action": "receive", "channel": channel, "messages": [reference(name)]}
        if ack:
            operation["reply"] = {"channel": channel, "messages": [reference(f"{name}.ack")]}
        operations[name] = operation
    return operations
