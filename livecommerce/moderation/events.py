"""What moderation tells a show."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from livecommerce.foundation.core.events import Event
from livecommerce.moderation.model import SanctionKind
from livecommerce.shows.views import ChatModeView


class ViewerMuted(Event, frozen=True):
    """Somebody may not write until then (null: for good; in the past: the mute was lifted)."""

    type: ClassVar[str] = "viewer.muted"
    viewer_id: str
    until: datetime | None
    kind: SanctionKind = SanctionKind.MUTE


class ViewerBanned(Event, frozen=True):
    """Somebody is out until then (null: for good; in the past: the ban was lifted)."""

    type: ClassVar[str] = "viewer.banned"
    viewer_id: str
    until: datetime | None


class ChatModeChanged(Event, frozen=True):
    """How the chat is run from now on."""

    type: ClassVar[str] = "chat_mode.changed"
    chat_mode: ChatModeView
