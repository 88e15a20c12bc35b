"""Moderation on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from livecommerce.foundation.core.events import Notice
from livecommerce.identity.views import PersonName
from livecommerce.moderation.model import Sanction, SanctionKind
from livecommerce.shows.model import MAX_SLOW_S, ChatMode


class SanctionView(msgspec.Struct, frozen=True):
    id: str
    show_id: str
    viewer: PersonName
    kind: SanctionKind
    reason: str
    until: datetime | None
    at: datetime
    by: PersonName

    @classmethod
    def of(cls, sanction: Sanction) -> SanctionView:
        return cls(
            id=sanction.id,
            show_id=sanction.show_id,
            viewer=PersonName(sanction.viewer_id, sanction.viewer_name),
            kind=sanction.kind,
            reason=sanction.reason,
            until=sanction.until,
            at=sanction.at,
            by=PersonName(sanction.by_id, sanction.by_name),
        )


class ChatModeBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; the rest stays."""

    slow_s: Annotated[int, msgspec.Meta(ge=0, le=MAX_SLOW_S)] | None = None
    hold_all: bool | None = None
    closed: bool | None = None

    def over(self, mode: ChatMode) -> ChatMode:
        """The mode after the change."""
        return ChatMode(
            slow_s=mode.slow_s if self.slow_s is None else self.slow_s,
            hold_all=mode.hold_all if self.hold_all is None else self.hold_all,
            closed=mode.closed if self.closed is None else self.closed,
        )


class YouMuted(Notice, frozen=True, kw_only=True):
    """You may not write until then (null: for good; in the past: you may again)."""

    type: ClassVar[str] = "you.muted"
    show_id: str
    until: datetime | None


class YouBanned(Notice, frozen=True, kw_only=True):
    """You were removed from the show."""

    type: ClassVar[str] = "you.banned"
    show_id: str
