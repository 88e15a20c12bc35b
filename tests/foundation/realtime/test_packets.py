"""Check 15: whatever bytes come, decoding answers with a packet or with `ProtocolError`, and nothing else."""

from __future__ import annotations

import msgpack
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from livecommerce.foundation.realtime.gateway.packets import AttachmentRefused, Decoded, Kind, ProtocolError, decode
from livecommerce.foundation.realtime.wire import Parser, frame_of, packet

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def decoded_or_refused(message: str | bytes) -> Decoded | None:
    try:
        return decode(message)
    except ProtocolError:
        return None


@given(st.text() | st.binary())
@example("2" + "[" * 100_000)
@example('2["x",' + "9" * 400 + "]")
@example("2[NaN]")
@example("2[1e999]")
@example(b"\x91" * 15_000)
@example(b"\xdf\xff\xff\xff\xff")
@example("0" * 300)
@example("2/" + "a" * 200 + ",")
def test_no_bytes_escape_as_another_error(message: str | bytes) -> None:
    decoded_or_refused(message)


@given(st.fixed_dictionaries({}, optional={"type": ANYTHING, "nsp": ANYTHING, "data": ANYTHING, "id": ANYTHING}))
def test_no_map_escapes_as_another_error(fields: dict[str, object]) -> None:
    found = decoded_or_refused(msgpack.packb(fields))

    if found is not None and found.kind is Kind.EVENT:
        assert 1 <= len(found.data) <= 2
        assert isinstance(found.data[0], str)


@pytest.mark.parametrize("message", ['51-["x",{"_placeholder":true,"num":0}]', "59999999999-[", "61-1[]"])
def test_attachments_are_refused_before_anything_is_kept(message: str) -> None:
    with pytest.raises(AttachmentRefused):
        decode(message)


@given(
    st.sampled_from(list(Parser)),
    st.from_regex(r"[a-z]{1,10}\.[a-z]{1,10}", fullmatch=True),
    st.dictionaries(st.text(), st.text() | st.integers(0, 2**53) | st.none()),
    st.none() | st.integers(0, 10**8),
)
def test_what_is_written_is_read_back(parser: Parser, name: str, body: dict[str, object], ack_id: int | None) -> None:
    payload = packet(parser, Kind.EVENT, [name, body], ack_id=ack_id)

    message = payload.decode()[1:] if parser is Parser.JSON else payload

    assert decode(message) == (Kind.EVENT, "/", [name, body], ack_id)


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 200_000])
def test_a_frame_has_the_header_of_its_length(size: int) -> None:
    made = frame_of(0x1, b"x" * size)

    assert made[0] == 0x81
    if size < 126:
        assert made[1] == size
    elif size < 65_536:
        assert (made[1], int.from_bytes(made[2:4])) == (126, size)
    else:
        assert (made[1], int.from_bytes(made[2:10])) == (127, size)
    assert made.endswith(b"x" * size)
