"""A shop on a running server, set up as an operator would: staff by command, the rest through the public API."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp


@dataclass
class Employee:
    id: str
    email: str
    password: str
    token: str


class Shop:
    """A running server (`start_server`) and a client of its API."""

    def __init__(self, server: Any, session: aiohttp.ClientSession) -> None:
        self.server, self._session = server, session
        self.base_url: str = server.base_url
        self.show_id = ""

    async def call(self, method: str, path: str, token: str, body: object = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.base_url}/api/v1{path}"
        async with self._session.request(method, url, json=body, headers=headers) as response:
            answer = await response.json() if response.content_type.endswith("json") else None
            assert response.status < 400, answer
            return answer

    async def hire(self, role: str, email: str, name: str) -> Employee:
        env = {
            **os.environ,
            "DATABASE_URL": self.server.database_url,
            "REDIS_URL": self.server.redis_url,
            "LIVECOMMERCE_DATA_DIR": str(self.server.data_dir),
        }
        command = [sys.executable, "-m", "livecommerce.cli", "user", "add", "--role", role, "--email", email]
        process = await asyncio.create_subprocess_exec(
            *command, "--display-name", name, "--generate", env=env, stdout=asyncio.subprocess.PIPE
        )
        output = (await process.communicate())[0].decode()
        match = re.search(r"Password: (\S+)", output)
        assert match, output
        answer = await self.call("POST", "/sign-in", "", {"email": email, "password": match[1]})
        return Employee(answer["viewer"]["id"], email, match[1], answer["token"])

    async def product(self, host: Employee, title: str, sku: str, *, price: str = "24.00", stock: int = 5) -> Any:
        variant = {
            "sku": sku,
            "options": {"Glaze": "Sea"},
            "price": {"amount": price, "currency": "EUR"},
            "stock": stock,
        }
        body = {"title": title, "options": [{"name": "Glaze", "values": ["Sea"]}], "variants": [variant]}
        return await self.call("POST", "/products", host.token, body)

    async def show(self, host: Employee, lineup: list[str]) -> str:
        show = {"title": "Kiln opening", "starts_at": datetime.now(UTC).isoformat(), "visibility": "public"}
        self.show_id = (await self.call("POST", "/shows", host.token, show))["id"]
        await self.call("PUT", f"/shows/{self.show_id}/lineup", host.token, lineup)
        return self.show_id

    async def seat(self, host: Employee, moderator: Employee) -> None:
        rights = ["staff.read", "chat.hide", "chat.mode", "viewer.mute", "viewer.ban"]
        person = {"person_id": moderator.id, "permissions": rights}
        await self.call("POST", f"/shows/{self.show_id}/moderators", host.token, person)
