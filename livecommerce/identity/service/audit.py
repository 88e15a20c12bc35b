"""The audit trail: what staff did, to whom, when. Rows are added in the transaction of the act, and never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.clock import Clock
from livecommerce.foundation.core.errors import Invalid
from livecommerce.foundation.core.ids import ShowId, is_uuid, new_id
from livecommerce.foundation.storage.postgres import Row, Transaction
from livecommerce.identity.store import AuditStore
from livecommerce.identity.views import AuditActor, AuditRow, AuditSubject

MAX_PAGE = 200


class AuditTrail:
    """Records privileged actions and reads them back, newest first."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def record(
        self,
        tx: Transaction,
        actor: Actor,
        action: str,
        *,
        show_id: ShowId | None = None,
        subject_kind: str | None = None,
        subject_id: str | None = None,
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Add one row, such as `viewer.ban` of a person. `detail["text"]` names the subject for readers."""
        role = actor.role_in(show_id) if show_id else actor.role
        subject = (subject_kind, subject_id)
        said = msgspec.json.encode(detail or {}).decode()
        who = (actor.id, actor.display_name, role)
        await self._store.add(tx, new_id(), show_id, *who, action, *subject, said, self._clock.now())

    async def list(
        self, show_id: ShowId | None, *, limit: int = 50, cursor: str | None = None
    ) -> tuple[Sequence[AuditRow], str | None]:
        """A page of rows (of one show, or of everything) and the cursor of the next one."""
        if cursor is not None and not is_uuid(cursor):
            raise Invalid("This cursor is not one of ours.", field="cursor")
        limit = max(1, min(limit, MAX_PAGE))
        rows = [_row(row) for row in await self._store.page(show_id, cursor, limit)]
        return rows, rows[-1].id if len(rows) == limit else None


def _row(row: Row) -> AuditRow:
    detail: dict[str, Any] = msgspec.json.decode(row["detail"])
    text = detail.pop("text", None)
    return AuditRow(
        id=row["id"],
        at=row["at"],
        show_id=row["show_id"],
        actor=AuditActor(row["actor_id"], row["actor_name"], row["actor_role"]),
        action=row["action"],
        subject=AuditSubject(row["subject_kind"], row["subject_id"], text),
        detail=detail,
    )
