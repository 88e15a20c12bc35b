"""Doors to moderation."""

from __future__ import annotations

from typing import Annotated

import msgspec

from livecommerce.foundation.core.ids import PersonId
from livecommerce.foundation.http.routes import Call, Routes
from livecommerce.identity.views import AuditRow
from livecommerce.moderation.model import MAX_SANCTION_S, SanctionKind
from livecommerce.moderation.service import ModerationService
from livecommerce.moderation.views import ChatModeBody, SanctionView
from livecommerce.shows.views import ChatModeView


class SanctionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`seconds` null: for good."""

    viewer_id: Annotated[PersonId, msgspec.Meta(pattern="^[0-9a-z-]{1,36}$")]
    kind: SanctionKind
    seconds: Annotated[int, msgspec.Meta(ge=1, le=MAX_SANCTION_S)] | None
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""


class AuditQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class SanctionList(msgspec.Struct, frozen=True):
    items: list[SanctionView]
    next: str | None = None


class AuditList(msgspec.Struct, frozen=True):
    items: list[AuditRow]
    next: str | None = None


def routes(service: ModerationService) -> Routes:
    table = Routes("moderation")

    @table.post("/shows/{show_id}/sanctions", body=SanctionBody, answer=SanctionView, status=201)
    async def sanction(call: Call[SanctionBody]) -> SanctionView:
        """Mute or ban somebody in a show"""
        body = call.body
        given = await service.sanction(
            call.actor, call.id("show_id"), body.viewer_id, kind=body.kind, seconds=body.seconds, reason=body.reason
        )
        return SanctionView.of(given)

    @table.get("/shows/{show_id}/sanctions", answer=SanctionList)
    async def sanctions(call: Call[None]) -> SanctionList:
        """Sanctions that are in force"""
        return SanctionList([SanctionView.of(s) for s in await service.in_force(call.actor, call.id("show_id"))])

    @table.delete("/sanctions/{sanction_id}")
    async def lift(call: Call[None]) -> None:
        """End a sanction before its time"""
        await service.lift(call.actor, call.id("sanction_id"))

    @table.patch("/shows/{show_id}/chat-mode", body=ChatModeBody, answer=ChatModeView)
    async def change_chat_mode(call: Call[ChatModeBody]) -> ChatModeView:
        """Slow the chat down, hold everything, or close it"""
        return ChatModeView.of(await service.change_chat_mode(call.actor, call.id("show_id"), call.body))

    @table.get("/shows/{show_id}/audit", query=AuditQuery, answer=AuditList)
    async def audit(call: Call[None]) -> AuditList:
        """What staff did, the newest first"""
        query: AuditQuery = call.query
        rows, cursor = await service.audit(call.actor, call.id("show_id"), limit=query.limit, cursor=query.cursor)
        return AuditList(list(rows), cursor)

    return table
