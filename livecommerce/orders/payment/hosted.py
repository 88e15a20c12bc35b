"""The sandbox's test page: what a provider would serve on its own site. No card number is ever asked for."""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.http.pages import security_headers
from livecommerce.foundation.http.server import Call, Routes, read_body
from livecommerce.orders.model import PaymentStatus
from livecommerce.orders.payment.sandbox import SandboxProvider
from livecommerce.orders.service import PaymentService
from livecommerce.orders.store import SandboxPayment

FORM_LIMIT = 1024


def routes(sandbox: SandboxProvider, payments: PaymentService) -> Routes:
    """The page, and its two buttons."""
    table = Routes("sandbox")

    @table.get("/payments/sandbox/pages/{attempt_id}", auth="none")
    async def show_page(call: Call[Any]) -> web.Response:
        """The sandbox's page where a buyer pays, or does not"""
        attempt_id = call.id("attempt_id")
        page = _page(attempt_id, await sandbox.page(attempt_id))
        headers = {"Cache-Control": "no-store", **security_headers(call.request)}
        return web.Response(text=page, content_type="text/html", charset="utf-8", headers=headers)

    @table.post("/payments/sandbox/pages/{attempt_id}", auth="none", status=303)
    async def press(call: Call[Any]) -> web.Response:
        """Pay or decline on the sandbox's page, and go back to the shop"""
        attempt_id = call.id("attempt_id")
        form = parse_qs((await read_body(call.request, FORM_LIMIT)).decode("ascii", "replace"))
        if (decision := form.get("decision", [""])[0]) not in ("pay", "decline"):
            raise Invalid("Press one of the buttons.", field="decision")
        if await sandbox.press(attempt_id, is_approved=decision == "pay"):
            await sandbox.deliver(payments.receive)
        return web.Response(status=303, headers={"Location": f"/api/v1/payments/return/{attempt_id}"})

    return table


def _page(attempt_id: str, payment: SandboxPayment) -> str:
    if payment.status is PaymentStatus.OPEN:
        what = (
            f'<form method="post"><p>Amount: <b>{escape(payment.amount)}</b>. Script: {escape(payment.script)}.</p>'
            '<p><button name="decision" value="pay">Pay</button> '
            '<button name="decision" value="decline">Decline</button></p></form>'
        )
    else:
        what = f'<p>This payment is {payment.status}. <a href="/api/v1/payments/return/{attempt_id}">Back</a></p>'
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Test payment</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<main><h1>Test payment</h1><p>No money moves, and no card is asked for.</p>{what}</main></html>"
    )
