"""Doors to the state of a show and to who is there."""

from __future__ import annotations

from livecommerce.audience.service import AudienceService
from livecommerce.audience.views import CrowdView, PlacedSnapshot
from livecommerce.foundation.http.routes import Call, Routes


def routes(audience: AudienceService) -> Routes:
    table = Routes("audience")

    @table.get("/shows/{show_id}/snapshot", answer=PlacedSnapshot, auth="optional")
    async def snapshot(call: Call[None]) -> PlacedSnapshot:
        """The state of a show with its place in the event log, as on join"""
        return await audience.snapshot(call.maybe_actor, call.id("show_id"))

    @table.get("/shows/{show_id}/audience", answer=CrowdView)
    async def crowd(call: Call[None]) -> CrowdView:
        """Who is there, for staff"""
        return await audience.crowd(call.actor, call.id("show_id"))

    return table
