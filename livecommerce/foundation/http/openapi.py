"""OpenAPI 3.1 from the routes' own types, and a page to read it. What is documented is what is decoded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from typing import Any

import msgspec
from aiohttp import web

from livecommerce.foundation.http.pages import security_headers
from livecommerce.foundation.http.problems import Problem
from livecommerce.foundation.http.routes import Route, Routes

_REF = "#/components/schemas/{name}"


def document(rooms: Iterable[Routes], *, version: str, base: str) -> dict[str, Any]:
    """The OpenAPI document of these rooms."""
    routes = [route for room in rooms for route in room.table if route.method != "OPTIONS"]
    types = _types(routes)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REF)
    schema_of = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(_path(route.path), {})[route.method.lower()] = _operation(route, schema_of, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": "livecommerce", "version": version},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def _types(routes: list[Route]) -> list[Any]:
    unique = {repr(kind): kind for route in routes for kind in (route.body, route.query, route.answer) if kind}
    return [*unique.values(), Problem]


def _path(path: str) -> str:
    return re.sub(r"\{(\w+):[^}]*\}", r"{\1}", path)


def _operation(route: Route, schema_of: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "tags": [route.tag],
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{_path(route.path)}").rstrip("_"),
        "summary": route.summary,
        "parameters": _parameters(route, schema_of, components),
        "responses": _responses(route, schema_of),
        "security": [] if route.auth == "none" else [{"bearer": []}],
    }
    if route.auth == "optional":
        operation["security"].append({})
    if route.body is not None:
        content = {"application/json": {"schema": schema_of[repr(route.body)]}}
        operation["requestBody"] = {"required": True, "content": content}
    elif route.accepts:
        operation["requestBody"] = {"required": True, "content": {route.accepts: {}}}
    return operation


def _parameters(route: Route, schema_of: dict[str, Any], components: dict[str, Any]) -> list[dict[str, Any]]:
    names = re.findall(r"\{(\w+)", route.path)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "maxLength": 256}} for name in names
    ]
    if route.query is not None:
        schema = components[schema_of[repr(route.query)]["$ref"].rsplit("/", 1)[1]]
        required = schema.get("required", [])
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": kind}
            for name, kind in schema.get("properties", {}).items()
        ]
    return parameters


def _responses(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    done: dict[str, Any] = {"description": "Done"}
    if route.answer is not None:
        done["content"] = {"application/json": {"schema": schema_of[repr(route.answer)]}}
    elif route.produces:
        done["content"] = {route.produces: {}}
    problem = {"schema": {"$ref": _REF.format(name="Problem")}}
    refused = {"description": "Refused", "content": {"application/problem+json": problem}}
    return {str(route.status): done, "default": refused}


def add_to(app: web.Application, openapi: dict[str, Any], asyncapi: dict[str, Any], *, base: str) -> None:
    """Serve both documents, and `/docs/api` for people."""
    page = _page(openapi).encode()

    async def serve_openapi(_: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(openapi), content_type="application/json")

    async def serve_asyncapi(_: web.Request) -> web.Response:
        return web.Response(body=msgspec.json.encode(asyncapi), content_type="application/json")

    async def serve_page(request: web.Request) -> web.Response:
        headers = security_headers(request)
        return web.Response(body=page, content_type="text/html", charset="utf-8", headers=headers)

    app.router.add_get(f"{base}/openapi.json", serve_openapi)
    app.router.add_get(f"{base}/asyncapi.json", serve_asyncapi)
    app.router.add_get("/docs/api", serve_page)


def _page(openapi: dict[str, Any]) -> str:
    """A plain list: method, path, what it does. The document itself is one click away."""
    rows = "".join(
        f"<tr><td><code>{method.upper()}</code></td><td><code>{escape(path)}</code></td>"
        f"<td>{escape(operation['summary'])}</td><td>{escape(operation['tags'][0])}</td></tr>"
        for path, methods in sorted(openapi["paths"].items())
        for method, operation in methods.items()
    )
    base = openapi["servers"][0]["url"]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>livecommerce API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<h1>livecommerce API</h1><p><a href="{base}/openapi.json">OpenAPI 3.1</a> · '
        f'<a href="{base}/asyncapi.json">AsyncAPI 3</a></p>'
        f"<table><thead><tr><th>Method<th>Path<th>What it does<th>Room</tr></thead><tbody>{rows}</tbody></table></html>"
    )
