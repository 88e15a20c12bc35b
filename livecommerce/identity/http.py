"""Doors to people: minting guests, signing in and out, one's own profile."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from aiohttp import web

from livecommerce.foundation.core.actors import Actor
from livecommerce.foundation.core.errors import Unauthenticated
from livecommerce.foundation.core.ids import ShowId
from livecommerce.foundation.http.auth import cookie_name, csrf_token, desk_of
from livecommerce.foundation.http.server import Call, Routes
from livecommerce.identity.service import IdentityRoom, SignedIn
from livecommerce.identity.views import PersonView, SignedInView, YouView

NameText = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
EmailText = Annotated[str, msgspec.Meta(min_length=3, max_length=254)]


class GuestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    display_name: NameText


class AccountBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: EmailText
    display_name: NameText


class SignInBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    email: EmailText
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]


class OnceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A printed one-time code alone, or a mailed code with the address it was sent to."""

    code: Annotated[str, msgspec.Meta(min_length=4, max_length=100)]
    email: EmailText | None = None


class MeQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    show_id: Annotated[str, msgspec.Meta(pattern="^[0-9a-z-]{1,36}$")] | None = None


class CodeSent(msgspec.Struct, frozen=True):
    """Nothing to say: whether the address is known stays between us and its owner."""


class MeView(msgspec.Struct, frozen=True):
    viewer: YouView
    csrf_token: str | None


class RenamedView(msgspec.Struct, frozen=True):
    viewer: PersonView


def routes(room: IdentityRoom) -> Routes:
    table = Routes("identity")
    _sign_in_routes(table, room)
    _own_routes(table, room)
    return table


def _sign_in_routes(table: Routes, room: IdentityRoom) -> None:
    # These take no credential, so that a stale cookie never keeps anybody from getting a new one.
    @table.post("/guests", body=GuestBody, answer=SignedInView, status=201, auth="none")
    async def mint_guest(call: Call[GuestBody]) -> web.Response:
        """Begin to watch without an account"""
        return _signed_in(call, await room.guests.mint(call.body.display_name, address=call.address), 201)

    @table.post("/accounts", body=AccountBody, answer=CodeSent, status=202, auth="none")
    async def request_code(call: Call[AccountBody]) -> CodeSent:
        """Have a code mailed that proves an address"""
        actor, body = await _guest(call), call.body
        await room.accounts.request_code(body.email, body.display_name, actor=actor, address=call.address)
        return CodeSent()

    @table.post("/sign-in", body=SignInBody, answer=SignedInView, auth="none")
    async def sign_in(call: Call[SignInBody]) -> web.Response:
        """Sign in as staff with a password"""
        return _signed_in(call, await room.staff.sign_in(call.body.email, call.body.password, address=call.address))

    @table.post("/sign-in/once", body=OnceBody, answer=SignedInView, auth="none")
    async def sign_in_once(call: Call[OnceBody]) -> web.Response:
        """Trade a one-time code, or a mailed code with its address, for a session"""
        code, email = call.body.code, call.body.email
        if email is None:
            return _signed_in(call, await room.once.trade(code, address=call.address))
        actor = await _guest(call)
        return _signed_in(call, await room.accounts.confirm(email, code, actor=actor, address=call.address))


def _own_routes(table: Routes, room: IdentityRoom) -> None:
    @table.delete("/session")
    async def sign_out(call: Call[None]) -> web.Response:
        """End this session everywhere"""
        await room.identity.end(call.actor)
        response = web.Response(status=204)
        if call.authentication.is_own_page(call.request):
            name = cookie_name(desk_of(call.request) or "viewer")
            response.del_cookie(name, path="/", secure=True, httponly=True, samesite="Lax")
        return response

    @table.get("/me", query=MeQuery, answer=MeView)
    async def me(call: Call[None]) -> MeView:
        """Who the caller is, and what they may do (in a show, when one is named)"""
        show_id = ShowId(call.query.show_id) if call.query.show_id else None
        session = call.authentication.session_token(call.request)
        return MeView(YouView.of(call.actor, show_id), csrf_token(session) if session else None)

    @table.patch("/me", body=GuestBody, answer=RenamedView)
    async def rename(call: Call[GuestBody]) -> RenamedView:
        """Take another display name"""
        return RenamedView(PersonView.of_person(await room.people.rename(call.actor, call.body.display_name)))


async def _guest(call: Call[Any]) -> Actor | None:
    """The caller, if their credential is still good; one that is not counts as none here."""
    try:
        return await call.authentication.actor(call.request)
    except Unauthenticated:
        return None


def _signed_in(call: Call[Any], signed_in: SignedIn, status: int = 200) -> web.Response:
    """The token in the body; and for our own pages in the cookie of their desk too."""
    own_page = call.authentication.is_own_page(call.request)
    view = SignedInView(
        signed_in.token,
        PersonView.of_person(signed_in.person),
        signed_in.expires_at,
        csrf_token(signed_in.token) if own_page else None,
    )
    response = web.Response(
        status=status,
        body=msgspec.json.encode(view),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
    if own_page:
        response.set_cookie(
            cookie_name(desk_of(call.request) or "viewer"),
            signed_in.token,
            expires=signed_in.expires_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
            path="/",
            secure=True,
            httponly=True,
            samesite="Lax",
        )
    return response
