"""Doors to shows."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from livecommerce.catalog.pictures import MAX_BYTES
from livecommerce.foundation.core.actors import Permission
from livecommerce.foundation.core.errors import Invalid, UnsupportedMediaType
from livecommerce.foundation.core.ids import PersonId, ProductId, is_uuid
from livecommerce.foundation.http.server import Call, Routes, read_body
from livecommerce.identity.service.grants import Grant
from livecommerce.shows.model import MAX_LINEUP, ShowKind, ShowStatus, Visibility
from livecommerce.shows.service import ShowService
from livecommerce.shows.service.schedule import Edit
from livecommerce.shows.views import ShowView

Title = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Description = Annotated[str, msgspec.Meta(max_length=2000)]
Time = Annotated[datetime, msgspec.Meta(tz=True)]
Uuid = Annotated[str, msgspec.Meta(min_length=1, max_length=36)]
Products = Annotated[list[Uuid], msgspec.Meta(max_length=MAX_LINEUP)]


class NewShowBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: Title
    starts_at: Time
    description: Description = ""
    visibility: Visibility | None = None
    kind: ShowKind = ShowKind.SHOW


class ShowBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    title: Title | None = None
    description: Description | None = None
    starts_at: Time | None = None
    visibility: Visibility | None = None


class InvitationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody, by address or by id."""

    email: Annotated[str, msgspec.Meta(max_length=254)] | None = None
    person_id: Uuid | None = None


class ModeratorBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Somebody, and what they may do; without `permissions` what moderators usually may."""

    email: Annotated[str, msgspec.Meta(max_length=254)] | None = None
    person_id: Uuid | None = None
    permissions: Annotated[list[Permission], msgspec.Meta(max_length=32)] | None = None


class ListQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    status: Annotated[str, msgspec.Meta(max_length=64)] = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50
    cursor: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class ShowList(msgspec.Struct, frozen=True):
    items: list[ShowView]
    next: str | None


class CrewView(msgspec.Struct, frozen=True):
    person_id: str
    display_name: str
    permissions: list[str]

    @classmethod
    def of(cls, grant: Grant) -> CrewView:
        return cls(grant.person_id, grant.display_name, sorted(grant.permissions))


class CrewList(msgspec.Struct, frozen=True):
    items: list[CrewView]
    next: None = None


def routes(shows: ShowService) -> Routes:
    table = Routes("shows")
    _schedule_routes(table, shows)
    _life_routes(table, shows)
    _table_routes(table, shows)
    _crew_routes(table, shows)
    return table


def _schedule_routes(table: Routes, shows: ShowService) -> None:
    @table.get("/shows", query=ListQuery, answer=ShowList, auth="optional")
    async def list_shows(call: Call[None]) -> ShowList:
        """Shows that the caller may find: on air, coming, over"""
        query: ListQuery = call.query
        items, following = await shows.list(
            call.maybe_actor, statuses=_statuses(query.status), limit=query.limit, cursor=query.cursor
        )
        return ShowList(list(items), following)

    @table.post("/shows", body=NewShowBody, answer=ShowView, status=201)
    async def create_show(call: Call[NewShowBody]) -> ShowView:
        """Plan a show"""
        body = call.body
        return await shows.create(
            call.actor,
            title=body.title,
            starts_at=body.starts_at,
            description=body.description,
            visibility=body.visibility,
            kind=body.kind,
        )

    @table.get("/shows/{show_id}", answer=ShowView, auth="optional")
    async def get_show(call: Call[None]) -> ShowView:
        """One show"""
        return await shows.view(await shows.watchable(call.maybe_actor, call.id("show_id")))

    @table.patch("/shows/{show_id}", body=ShowBody, answer=ShowView)
    async def edit_show(call: Call[ShowBody]) -> ShowView:
        """Change words, time or visibility"""
        body = call.body
        edit = Edit(body.title, body.description, body.starts_at, body.visibility)
        return await shows.edit(call.actor, call.id("show_id"), edit)


def _life_routes(table: Routes, shows: ShowService) -> None:
    @table.post("/shows/{show_id}/start", answer=ShowView)
    async def start_show(call: Call[None]) -> ShowView:
        """Go live"""
        return await shows.start(call.actor, call.id("show_id"))

    @table.post("/shows/{show_id}/pause", answer=ShowView)
    async def pause_show(call: Call[None]) -> ShowView:
        """Draw the curtain"""
        return await shows.pause(call.actor, call.id("show_id"))

    @table.post("/shows/{show_id}/resume", answer=ShowView)
    async def resume_show(call: Call[None]) -> ShowView:
        """Go on"""
        return await shows.resume(call.actor, call.id("show_id"))

    @table.post("/shows/{show_id}/end", answer=ShowView)
    async def end_show(call: Call[None]) -> ShowView:
        """End the show for ever"""
        return await shows.end(call.actor, call.id("show_id"))


def _table_routes(table: Routes, shows: ShowService) -> None:
    @table.put("/shows/{show_id}/lineup", body=Products, answer=ShowView)
    async def set_lineup(call: Call[list[str]]) -> ShowView:
        """Say which products the show is about, in order"""
        return await shows.set_lineup(call.actor, call.id("show_id"), [ProductId(each) for each in call.body])

    @table.put("/shows/{show_id}/pins/{product_id}", answer=ShowView)
    async def pin_product(call: Call[None]) -> ShowView:
        """Bring a product to the front"""
        return await shows.pin(call.actor, call.id("show_id"), call.id("product_id"))

    @table.delete("/shows/{show_id}/pins/{product_id}", answer=ShowView)
    async def unpin_product(call: Call[None]) -> ShowView:
        """Take a product back"""
        return await shows.unpin(call.actor, call.id("show_id"), call.id("product_id"))

    @table.post("/shows/{show_id}/poster", accepts="image/*", answer=ShowView)
    async def set_poster(call: Call[None]) -> ShowView:
        """Give the show a picture (JPEG, PNG, WebP, GIF or AVIF)"""
        if not call.request.content_type.startswith("image/"):
            raise UnsupportedMediaType("Send a picture.")
        return await shows.set_poster(call.actor, call.id("show_id"), await read_body(call.request, MAX_BYTES))


def _crew_routes(table: Routes, shows: ShowService) -> None:
    @table.get("/shows/{show_id}/moderators", answer=CrewList)
    async def list_crew(call: Call[None]) -> CrewList:
        """Everybody with rights in the show"""
        return CrewList([CrewView.of(grant) for grant in await shows.crew(call.actor, call.id("show_id"))])

    @table.post("/shows/{show_id}/moderators", body=ModeratorBody, answer=CrewView, status=201)
    async def add_moderator(call: Call[ModeratorBody]) -> CrewView:
        """Let somebody help"""
        body = call.body
        given = {} if body.permissions is None else {"permissions": body.permissions}
        grant = await shows.add_moderator(
            call.actor, call.id("show_id"), email=body.email, person_id=_person(body.person_id), **given
        )
        return CrewView.of(grant)

    @table.delete("/shows/{show_id}/moderators/{person_id}")
    async def remove_moderator(call: Call[None]) -> None:
        """Take somebody's rights back"""
        await shows.remove(call.actor, call.id("show_id"), call.id("person_id"))

    @table.post("/shows/{show_id}/invitations", body=InvitationBody, answer=CrewView, status=201)
    async def invite(call: Call[InvitationBody]) -> CrewView:
        """Let somebody watch a private show"""
        body = call.body
        grant = await shows.invite(call.actor, call.id("show_id"), email=body.email, person_id=_person(body.person_id))
        return CrewView.of(grant)


def _person(person_id: str | None) -> PersonId | None:
    if person_id is not None and not is_uuid(person_id):
        raise Invalid("This is not the id of a person.", field="person_id")
    return PersonId(person_id) if person_id else None


def _statuses(text: str) -> list[ShowStatus]:
    names = [name for name in text.split(",") if name]
    if not set(names) <= set(ShowStatus):
        raise Invalid("Statuses are scheduled, live, paused and ended.", field="status")
    return [ShowStatus(name) for name in names]
