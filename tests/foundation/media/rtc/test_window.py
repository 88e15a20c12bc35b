from hypothesis import given, settings
from hypothesis import strategies as st

from livecommerce.foundation.media.rtc.rtp import RtpPacket
from livecommerce.foundation.media.rtc.window import GIVE_UP_S, SIZE, ReceiveWindow


def packet(number: int) -> RtpPacket:
    return RtpPacket(96, False, number & 0xFFFF, 0, 1, b"x")


def numbers(window: ReceiveWindow) -> list[int | None]:
    return [number if item is not None else None for number, item in window.take()]


@settings(deadline=None)
@given(st.permutations(range(1000, 1040)))
def test_any_order_comes_out_in_order_and_once(order: list[int]) -> None:
    window = ReceiveWindow()
    window.add(999, packet(999), 0)

    accepted = [window.add(number, packet(number), 0) for number in order]

    assert all(accepted)
    assert not window.add(1010, packet(1010), 0)
    assert numbers(window) == list(range(999, 1040))
    assert window.missing == 0


def test_a_missing_packet_is_asked_for_again_until_it_comes() -> None:
    window = ReceiveWindow()
    window.add(10, packet(10), 0.0)
    window.add(13, packet(13), 0.0)

    assert window.due(0.0) == [11, 12]
    assert window.due(0.01) == []
    assert window.due(0.06) == [11, 12]
    window.add(11, packet(11), 0.07)
    assert window.due(0.12) == [12]
    window.add(12, packet(12), 0.13)

    assert window.due(1.0) == []
    assert (window.asked, window.recovered) == (5, 2)
    assert numbers(window) == [10, 11, 12, 13]


def test_the_round_trip_is_learnt_from_first_tries_only() -> None:
    window = ReceiveWindow()
    window.add(10, packet(10), 0.0)
    window.add(13, packet(13), 0.0)
    window.due(0.0)
    window.add(11, packet(11), 0.03)

    assert abs(window.rtt_s - 0.03) < 1e-9
    assert window.due(0.06) == [12]
    window.add(12, packet(12), 0.2)
    assert abs(window.rtt_s - 0.03) < 1e-9


def test_what_does_not_come_is_given_up_and_the_rest_goes_on() -> None:
    window = ReceiveWindow()
    for number in (10, 12, 14):
        window.add(number, packet(number), 0.0)

    assert not window.expire(GIVE_UP_S)
    assert numbers(window) == [10]
    assert window.expire(GIVE_UP_S + 0.01)

    assert numbers(window) == [None, 12, None, 14]
    assert window.lost == 2
    assert not window.add(11, packet(11), 1.0)


def test_a_jump_beyond_the_window_does_not_wait() -> None:
    window = ReceiveWindow()
    window.add(10, packet(10), 0.0)
    window.add(12, packet(12), 0.0)

    window.add(10 + 2 * SIZE, packet(10), 0.0)

    assert numbers(window) == [10, None, 12, None, 10 + 2 * SIZE]
    assert window.missing == 0
    assert window.lost == 2 * SIZE - 2
