"""Payment as providers really do it: later, twice, in the wrong order, and after we gave up."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from livecommerce.foundation.core.errors import StorageUnavailable
from livecommerce.foundation.core.ids import new_id
from livecommerce.orders.model import PaymentStatus
from livecommerce.orders.payment import Outcome, PaymentUnavailable
from livecommerce.orders.payment.sandbox import SandboxMessage

SUCCEEDED, DECLINED = Outcome(PaymentStatus.SUCCEEDED), Outcome(PaymentStatus.DECLINED)


async def opened(storefront, script: str = "challenge", quantity: int = 1):
    """An order whose buyer was sent to the test page: the order, the attempt's id, the page's path."""
    order = await storefront.place(await storefront.hold(quantity=quantity))
    paying = await storefront.pay(order, script)
    assert (paying.status, paying.payment.status) == ("paying", "open")
    path = paying.payment.redirect_url
    return order, path.rsplit("/", 1)[1], path


async def press(storefront, path: str, decision: str = "pay") -> str:
    answer = await storefront.client.post(path, data={"decision": decision}, allow_redirects=False)
    assert answer.status == 303
    return answer.headers["Location"]


async def status_of(storefront, order) -> str:
    return (await storefront.orders.get(await storefront.house.actor("freja"), order.id)).status


async def told(storefront) -> None:
    """Let the sandbox tell everything, as if its time had come."""
    await storefront.database.execute("UPDATE sandbox_event SET due_at = clock_timestamp()")
    await storefront.sandbox.deliver(storefront.payments.receive)
    assert await storefront.database.fetchval("SELECT count(*) FROM sandbox_event") == 0


async def post_event(storefront, attempt_id: str, status: PaymentStatus, event_id: str | None = None, **changed: str):
    message = SandboxMessage(event_id or new_id(), attempt_id, status)
    body = msgspec.json.encode(message)
    headers = {**storefront.sandbox.signed(message.id, body), **changed}
    return await storefront.client.post("/api/v1/payments/sandbox/events", data=body, headers=headers)


async def give_up(storefront) -> None:
    """The time to pay is over: the job asks the provider, ends the attempt and calls the order off."""
    await storefront.database.execute("UPDATE payment_attempt SET created_at = now() - interval '1 hour'")
    await storefront.database.execute("UPDATE orders SET pay_by = now() - interval '1 hour'")
    await storefront.payments.reconcile()
    await storefront.payments.cancel_overdue()


async def test_the_test_page_says_what_it_is_and_runs_no_inline_code(storefront) -> None:
    _, _, path = await opened(storefront)

    answer = await storefront.client.get(path)

    page = await answer.text()
    assert (answer.status, "39.00 EUR" in page, "<script" in page) == (200, True, False)
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert (await storefront.client.get(f"/api/v1/payments/sandbox/pages/{new_id()}")).status == 404
    wrong = await storefront.client.post(path, data={"decision": "maybe"}, allow_redirects=False)
    assert wrong.status == 422


@pytest.mark.parametrize("script", ["challenge", "webhook_before_return", "duplicate_webhook"])
async def test_a_buyer_who_pays_on_the_page_has_paid_once(storefront, script) -> None:
    order, attempt_id, path = await opened(storefront, script)

    back = await press(storefront, path)
    answer = await storefront.client.get(back, allow_redirects=False)

    assert (answer.status, answer.headers["Location"]) == (303, f"/shows/{storefront.show_id}")
    assert await status_of(storefront, order) == "paid"
    await told(storefront)
    assert await status_of(storefront, order) == "paid"
    assert [kind for _, kind, _ in storefront.bus.notices].count("order.paid") == 1
    assert await storefront.database.fetchval("SELECT count(*) FROM provider_event") == 1
    assert await storefront.database.fetchval("SELECT paid_by FROM orders") == attempt_id
    await storefront.sound()


async def test_a_webhook_may_come_before_the_buyer_returns(storefront) -> None:
    order, _, path = await opened(storefront, "webhook_before_return")

    await press(storefront, path)

    assert await status_of(storefront, order) == "paid"


async def test_a_late_webhook_pays_an_order_that_waits_as_long_as_it_takes(storefront) -> None:
    order, _, path = await opened(storefront, "late_webhook")
    await storefront.client.get(await press(storefront, path), allow_redirects=False)
    assert await status_of(storefront, order) == "paying"
    await storefront.database.execute("UPDATE orders SET pay_by = now() - interval '1 hour'")
    await storefront.payments.cancel_overdue()
    assert await status_of(storefront, order) == "paying"

    await told(storefront)

    assert await status_of(storefront, order) == "paid"
    await storefront.sound()


async def test_declining_on_the_page_leaves_the_order_to_a_second_card(storefront) -> None:
    order, first, path = await opened(storefront)
    await storefront.client.get(await press(storefront, path, "decline"), allow_redirects=False)
    assert await status_of(storefront, order) == "placed"

    paid = await storefront.pay(order, "success")

    assert paid.status == "paid"
    attempts = await storefront.database.fetch("SELECT id, status FROM payment_attempt ORDER BY id")
    assert [(row["id"] == first, row["status"]) for row in attempts] == [(True, "declined"), (False, "succeeded")]
    await told(storefront)
    assert await status_of(storefront, order) == "paid"


async def test_paying_never_expires_by_the_clock_but_by_asking(storefront) -> None:
    order, _, _ = await opened(storefront)
    await storefront.database.execute("UPDATE payment_attempt SET created_at = now() - interval '1 hour'")

    await storefront.payments.reconcile()
    assert await status_of(storefront, order) == "paying"  # the buyer may still be on the page
    assert (await storefront.level()).held == 1
    await storefront.database.execute("UPDATE payment_attempt SET asked_at = NULL")
    await give_up(storefront)

    assert await status_of(storefront, order) == "cancelled"
    assert (await storefront.level()).available == 10
    await storefront.sound()


async def test_money_that_comes_after_expiry_buys_again_while_there_is_stock(storefront) -> None:
    order, attempt_id, _ = await opened(storefront, "captured_after_expiry", quantity=2)
    await give_up(storefront)
    assert await status_of(storefront, order) == "cancelled"

    await told(storefront)

    assert await status_of(storefront, order) == "paid"
    level = await storefront.level()
    assert (level.available, level.held, level.sold) == (8, 0, 2)
    assert await storefront.database.fetchval("SELECT count(*) FROM refund") == 0
    await storefront.sound()
    await storefront.payments.refund(await storefront.house.actor("maja"), order.id)
    assert await storefront.database.fetchval("SELECT attempt_id FROM refund") == attempt_id
    assert (await storefront.level()).available == 10
    await storefront.sound()


async def test_money_that_comes_after_the_last_unit_went_elsewhere_goes_back(storefront) -> None:
    order, attempt_id, _ = await opened(storefront, "captured_after_expiry", quantity=2)
    await give_up(storefront)
    await storefront.pay(await storefront.place(await storefront.hold("anna", 9), name="anna"), name="anna")

    await told(storefront)

    assert await status_of(storefront, order) == "cancelled"
    due = await storefront.database.fetchrow("SELECT * FROM refund")
    assert (due["status"], due["attempt_id"], due["amount_minor"]) == ("due", attempt_id, 7800)
    assert (await storefront.level()).sold == 9
    await storefront.payments.send_refunds()
    assert await storefront.database.fetchval("SELECT status FROM refund") == "done"
    await storefront.sound()


async def test_a_refund_that_the_provider_refuses_stays_due_behind_the_others(storefront) -> None:
    order = await storefront.pay(await storefront.place(await storefront.hold()))
    sandbox, provider = storefront.sandbox, Refusing()
    storefront.payments._providers["sandbox"] = provider

    await storefront.payments.refund(await storefront.house.actor("maja"), order.id)
    await storefront.payments.send_refunds()

    row = await storefront.database.fetchrow("SELECT status, tries, next_at > now() AS waits FROM refund")
    assert (row["status"], row["tries"], row["waits"], provider.asked) == ("due", 1, True, 1)
    storefront.payments._providers["sandbox"] = sandbox
    await storefront.database.execute("UPDATE refund SET next_at = now()")
    await storefront.payments.send_refunds()
    assert await storefront.database.fetchval("SELECT status FROM refund") == "done"


class Refusing:
    """A provider that is out."""

    method, asked = "sandbox", 0

    async def refund(self, refund) -> None:
        self.asked += 1
        raise PaymentUnavailable()


async def test_events_in_any_order_and_number_end_the_same_way(storefront) -> None:
    order, attempt_id, _ = await opened(storefront)
    one = new_id()

    answers = [
        await post_event(storefront, attempt_id, PaymentStatus.SUCCEEDED, one),
        await post_event(storefront, attempt_id, PaymentStatus.OPEN),
        await post_event(storefront, attempt_id, PaymentStatus.DECLINED),
        await post_event(storefront, attempt_id, PaymentStatus.SUCCEEDED, one),
        await post_event(storefront, new_id(), PaymentStatus.SUCCEEDED),
    ]

    assert [answer.status for answer in answers] == [204] * 5
    assert await status_of(storefront, order) == "paid"
    assert await storefront.database.fetchval("SELECT count(*) FROM refund") == 0
    await storefront.sound()


async def test_a_storm_of_the_same_webhook_pays_once(storefront) -> None:
    order, attempt_id, _ = await opened(storefront)

    answers = await asyncio.gather(
        *(post_event(storefront, attempt_id, PaymentStatus.SUCCEEDED, "evt-1") for _ in range(20)),
        *(storefront.client.get(f"/api/v1/payments/return/{attempt_id}", allow_redirects=False) for _ in range(5)),
    )

    assert {answer.status for answer in answers} == {204, 303}
    assert await status_of(storefront, order) == "paid"
    assert await storefront.database.fetchval("SELECT count(*) FROM stock_move WHERE kind = 'sell'") == 1
    await storefront.sound()


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-id": "another"},
        {"webhook-timestamp": "1"},
    ],
)
async def test_what_the_provider_did_not_sign_changes_nothing(storefront, changed) -> None:
    order, attempt_id, _ = await opened(storefront)

    answer = await post_event(storefront, attempt_id, PaymentStatus.SUCCEEDED, **changed)

    assert (answer.status, (await answer.json())["code"]) == (400, "bad_signature")
    assert await status_of(storefront, order) == "paying"


async def test_an_old_webhook_cannot_be_played_again(storefront, clock) -> None:
    _, attempt_id, _ = await opened(storefront)
    message = SandboxMessage(new_id(), attempt_id, PaymentStatus.SUCCEEDED)
    body = msgspec.json.encode(message)
    headers = storefront.sandbox.signed(message.id, body)
    clock.advance(3600)

    answer = await storefront.client.post("/api/v1/payments/sandbox/events", data=body, headers=headers)

    assert answer.status == 400


async def test_an_unknown_provider_is_not_found(storefront) -> None:
    answer = await storefront.client.post("/api/v1/payments/nobody/events", data=b"{}")

    assert answer.status == 404


async def test_while_postgresql_is_away_the_provider_is_told_to_come_again(storefront, monkeypatch) -> None:
    order, attempt_id, _ = await opened(storefront)
    await storefront.database.close()

    answer = await post_event(storefront, attempt_id, PaymentStatus.SUCCEEDED, "evt-1")

    assert answer.status >= 500
    await storefront.database.open()
    assert await storefront.database.fetchval("SELECT count(*) FROM provider_event") == 0
    assert (await post_event(storefront, attempt_id, PaymentStatus.SUCCEEDED, "evt-1")).status == 204
    assert await status_of(storefront, order) == "paid"


async def test_an_event_whose_change_fails_is_not_remembered(storefront, monkeypatch) -> None:
    order, attempt_id, _ = await opened(storefront)

    async def fails(*_: object) -> None:
        raise StorageUnavailable()

    with monkeypatch.context() as broken:
        broken.setattr(storefront.stock, "sell", fails)
        assert (await post_event(storefront, attempt_id, PaymentStatus.SUCCEEDED, "evt-1")).status == 503
    assert await storefront.database.fetchval("SELECT count(*) FROM provider_event") == 0

    assert (await post_event(storefront, attempt_id, PaymentStatus.SUCCEEDED, "evt-1")).status == 204
    assert await status_of(storefront, order) == "paid"


async def test_a_known_key_charges_nothing_again_and_a_new_one_is_a_second_card(storefront) -> None:
    order = await storefront.place(await storefront.hold())
    path, first = f"/orders/{order.id}/pay", {"Idempotency-Key": "card-one-1"}

    async def pay(outcome: str, key: str):
        answer = await storefront.request("POST", path, json={"outcome": outcome}, headers={"Idempotency-Key": key})
        return answer[0], answer[1]["status"], answer[1]["payment"]["status"]

    assert await pay("decline", first["Idempotency-Key"]) == (200, "placed", "declined")
    assert await pay("success", first["Idempotency-Key"]) == (200, "placed", "declined")
    assert await pay("success", "card-two-2") == (200, "paid", "succeeded")
    assert await pay("success", "card-two-2") == (200, "paid", "succeeded")
    assert await storefront.database.fetchval("SELECT count(*) FROM payment_attempt") == 2


async def test_money_of_a_given_up_attempt_goes_back_while_another_card_is_asked(storefront) -> None:
    order, first, path = await opened(storefront)
    await storefront.client.get(await press(storefront, path, "decline"), allow_redirects=False)
    second = (await storefront.pay(order, "challenge")).payment.redirect_url

    assert (await post_event(storefront, first, PaymentStatus.SUCCEEDED)).status == 204
    assert (await post_event(storefront, first, PaymentStatus.SUCCEEDED)).status == 204

    assert await storefront.database.fetchval("SELECT attempt_id FROM refund") == first
    await storefront.client.get(await press(storefront, second), allow_redirects=False)
    assert await status_of(storefront, order) == "paid"
    assert await storefront.database.fetchval("SELECT count(*) FROM refund") == 1
    await storefront.sound()
