"""The Stripe provider against a local fake that checks its requests the way Stripe does."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from livecommerce.foundation.core.errors import ConfigurationError
from livecommerce.foundation.core.ids import OrderId, new_id
from livecommerce.foundation.core.money import Money
from livecommerce.orders.model import Attempt, PaymentStatus, Refund
from livecommerce.orders.payment import BadSignature, PaymentUnavailable
from livecommerce.orders.payment.stripe import StripeProvider, unit_amount
from livecommerce.orders.service import Placement

SECRET = "whsec_test"


class FakeStripe:
    """Sessions and refunds with Stripe's idempotency: same key and request, same answer; another request, 400."""

    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, Any]] = {}
        self.refunds: list[dict[str, str]] = []
        self.answered: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        self.is_down = False

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._checked])
        app.router.add_post("/v1/checkout/sessions", self._create)
        app.router.add_get("/v1/checkout/sessions/{id}", self._retrieve)
        app.router.add_post("/v1/checkout/sessions/{id}/expire", self._expire)
        app.router.add_post("/v1/refunds", self._refund)
        return app

    @web.middleware
    async def _checked(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if self.is_down:
            return web.json_response({"error": {"message": "down"}}, status=500)
        if request.headers.get("Authorization") != "Bearer sk_test_1":
            return web.json_response({"error": {"message": "no such key"}}, status=401)
        return await handler(request)

    async def _create(self, request: web.Request) -> web.Response:
        form = await _form(request)
        assert form["mode"] == "payment"
        assert "card" not in json.dumps(form)
        if int(form["line_items[0][price_data][unit_amount]"]) < 50:
            return _refused("amount_too_small")
        session_id = f"cs_{len(self.sessions)}"
        session = {
            "id": session_id,
            "object": "checkout.session",
            "client_reference_id": form["client_reference_id"],
            "status": "open",
            "payment_status": "unpaid",
            "url": f"https://checkout.stripe.example/{session_id}",
            "payment_intent": f"pi_{session_id}",
            "intent_status": "requires_payment_method",
            "form": form,
        }
        return self._once(request, form, session, lambda: self.sessions.__setitem__(session_id, session))

    def _once(self, request: web.Request, form: dict[str, str], answer: dict[str, Any], act: Any) -> web.Response:
        key = request.headers["Idempotency-Key"]
        if key in self.answered:
            known, before = self.answered[key]
            return web.json_response(before) if known == form else _refused("idempotency_key_in_use")
        act()
        self.answered[key] = (form, dict(answer))
        return web.json_response(answer)

    async def _retrieve(self, request: web.Request) -> web.Response:
        session = dict(self.sessions[request.match_info["id"]])
        if request.query.get("expand[0]"):
            session["payment_intent"] = {"id": session["payment_intent"], "status": session["intent_status"]}
        return web.json_response(session)

    async def _expire(self, request: web.Request) -> web.Response:
        session = self.sessions[request.match_info["id"]]
        if session["status"] != "open":
            return _refused("not_open")
        session.update(status="expired", url=None)
        return web.json_response(session)

    async def _refund(self, request: web.Request) -> web.Response:
        form = await _form(request)
        return self._once(request, form, {"id": "re_1", "object": "refund"}, lambda: self.refunds.append(form))

    def pay(self, session_id: str) -> None:
        self.sessions[session_id].update(status="complete", payment_status="paid", url=None)

    def event(self, session_id: str, kind: str = "checkout.session.completed", event_id: str = "evt_1") -> bytes:
        data = {"object": self.sessions[session_id]}
        return json.dumps({"id": event_id, "object": "event", "type": kind, "data": data}).encode()


def _refused(code: str) -> web.Response:
    return web.json_response({"error": {"type": "invalid_request_error", "code": code, "message": code}}, status=400)


async def _form(request: web.Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(await request.text()).items()}


def signed(body: bytes, *, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    stamp = str(at or int(time.time()))
    digest = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"stripe-signature": f"t={stamp},v1={digest}"}


def attempt(minor: int = 3900, currency: str = "EUR", **more: Any) -> Attempt:
    return Attempt(new_id(), OrderId(new_id()), "stripe", Money(minor, currency), PaymentStatus.OPEN, **more)


@pytest.fixture
async def fake():
    fake = FakeStripe()
    async with TestServer(fake.app()) as server:
        fake.url = str(server.make_url("")).rstrip("/")
        yield fake


@pytest.fixture
async def provider(fake):
    async with StripeProvider(
        secret_key="sk_test_1", webhook_secret=SECRET, public_url="https://shop.example", shop="Kyst", base_url=fake.url
    ) as provider:
        yield provider


async def test_an_attempt_is_one_session_however_often_it_is_charged(fake, provider) -> None:
    one = attempt()

    first, second = await provider.charge(one, None), await provider.charge(one, None)

    assert first == second
    assert (first.status, first.redirect_url) == ("open", "https://checkout.stripe.example/cs_0")
    assert list(fake.answered) == [one.id]
    form = fake.sessions["cs_0"]["form"]
    assert form["client_reference_id"] == one.id
    assert form["line_items[0][price_data][unit_amount]"] == "3900"
    assert form["line_items[0][price_data][currency]"] == "eur"
    assert form["success_url"] == f"https://shop.example/api/v1/payments/return/{one.id}"


async def test_a_session_whose_name_a_crash_lost_is_found_again(fake, provider) -> None:
    one = attempt()
    await provider.charge(one, None)
    fake.pay("cs_0")

    outcome = await provider.look_up(one)

    assert (outcome.status, outcome.reference, len(fake.sessions)) == ("succeeded", "cs_0", 1)


async def test_cancelling_expires_the_session_unless_it_was_just_paid(fake, provider) -> None:
    left, paid = attempt(reference="cs_0"), attempt(reference="cs_1")
    await provider.charge(left, None)
    await provider.charge(paid, None)
    fake.pay("cs_1")

    assert (await provider.cancel(left)).status == "declined"
    assert (await provider.cancel(paid)).status == "succeeded"
    assert fake.sessions["cs_0"]["status"] == "expired"


async def test_a_payment_that_fails_after_its_session_completed_is_declined(fake, provider) -> None:
    one = attempt(reference="cs_0")
    await provider.charge(one, None)
    fake.sessions["cs_0"].update(status="complete", intent_status="processing")
    assert (await provider.look_up(one)).status == "open"

    fake.sessions["cs_0"]["intent_status"] = "requires_payment_method"

    assert (await provider.look_up(one)).status == "declined"
    body = fake.event("cs_0", "checkout.session.async_payment_failed")
    assert provider.read_event(signed(body), body).outcome.status == "declined"


async def test_a_refund_is_one_refund_of_the_sessions_payment(fake, provider) -> None:
    one = attempt()
    await provider.charge(one, None)
    refund = Refund(new_id(), one.order_id, one.id, "stripe", Money(1200, "EUR"), "cs_0")

    await provider.refund(refund)
    await provider.refund(refund)

    assert fake.refunds == [{"payment_intent": "pi_cs_0", "amount": "1200"}]
    assert refund.id in fake.answered


async def test_what_stripe_refuses_is_declined_and_what_it_does_not_answer_stays_open(fake, provider) -> None:
    assert (await provider.charge(attempt(10), None)).status == "declined"
    fake.is_down = True
    with pytest.raises(PaymentUnavailable):
        await provider.charge(attempt(), None)


async def test_a_wrong_key_leaves_payments_as_they_are(fake) -> None:
    async with StripeProvider(
        secret_key="sk_wrong", webhook_secret=SECRET, public_url="", shop="Kyst", base_url=fake.url
    ) as provider:
        with pytest.raises(PaymentUnavailable):
            await provider.charge(attempt(), None)


async def test_webhooks_are_read_only_when_stripe_signed_them(fake, provider) -> None:
    one = attempt()
    await provider.charge(one, None)
    fake.pay("cs_0")
    body = fake.event("cs_0")

    event = provider.read_event(signed(body), body)

    assert (event.id, event.attempt_id, event.outcome.status) == ("evt_1", one.id, "succeeded")
    other = fake.event("cs_0", "payment_intent.created")
    assert provider.read_event(signed(other), other) is None
    for headers in ({}, signed(body, secret="whsec_other"), signed(b"{}"), signed(body, at=int(time.time()) - 3600)):
        with pytest.raises(BadSignature):
            provider.read_event(headers, body)


def test_amounts_are_counted_as_stripe_counts() -> None:
    assert [unit_amount(Money(500, currency)) for currency in ("EUR", "JPY", "ISK")] == [500, 500, 50000]


async def test_an_order_is_paid_by_stripes_webhook_and_refunded_through_it(storefront, fake, provider) -> None:
    storefront.payments._providers["stripe"] = provider
    storefront.orders._methods = ["sandbox", "stripe"]
    freja, held = await storefront.house.actor("freja"), await storefront.hold()
    order = await storefront.orders.place(freja, Placement([held.hold_id], "stripe", new_id()))
    paying = await storefront.pay(order)
    assert paying.payment.redirect_url == "https://checkout.stripe.example/cs_0"
    fake.pay("cs_0")
    body = fake.event("cs_0")

    for _ in range(2):
        answer = await storefront.client.post("/api/v1/payments/stripe/events", data=body, headers=signed(body))
        assert answer.status == 204

    assert (await storefront.orders.get(freja, order.id)).status == "paid"
    forged = await storefront.client.post("/api/v1/payments/stripe/events", data=body)
    assert forged.status == 400
    await storefront.payments.refund(await storefront.house.actor("maja"), order.id)
    assert fake.refunds == [{"payment_intent": "pi_cs_0", "amount": "3900"}]
    await storefront.sound()


async def test_stripe_without_its_keys_is_a_mistake_of_configuration() -> None:
    from livecommerce.foundation.core.settings import load
    from livecommerce.processes.payment import _stripe

    with pytest.raises(ConfigurationError):
        await _stripe(load(flags={"payment": {"methods": ["stripe"]}}), None)
