"""The users of the shop in tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import httpx
from jose import jwt

from shared.ids import new_id

AUTH = "/api/v1/auth"
PASSWORD = "correct horse battery"


def fresh_email() -> str:
    return f"{new_id()}@example.com"


@dataclass(frozen=True)
class Person:
    """Somebody with an account and a session."""

    shop: httpx.AsyncClient
    email: str
    access_token: str
    refresh_token: str
    id: str
    device_token: str = ""

    @classmethod
    async def registered(cls, shop: httpx.AsyncClient) -> Person:
        email = fresh_email()
        body = {"name": "Ana", "email": email, "password": PASSWORD}
        answer = await shop.post(f"{AUTH}/register", json=body)
        assert answer.status_code == 201, answer.text
        return cls.of(shop, email, answer.json())

    @classmethod
    def of(cls, shop: httpx.AsyncClient, email: str, session: dict[str, Any]) -> Person:
        return cls(
            shop,
            email,
            session["access_token"],
            session["refresh_token"],
            session["user"]["id"],
            session["device_token"],
        )

    @property
    def session_id(self) -> str:
        return str(jwt.get_unverified_claims(self.access_token)["sid"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access_token}"}

    def at(self, shop: httpx.AsyncClient) -> Person:
        """The same person at another replica."""
        return replace(self, shop=shop)

    async def login(self) -> Person:
        """The same person on one more device."""
        answer = await self.shop.post(f"{AUTH}/login", json={"email": self.email, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        return self.of(self.shop, self.email, answer.json())

    async def refresh(self) -> httpx.Response:
        return await self.shop.post(f"{AUTH}/refresh", json={"refresh_token": self.refresh_token})

    async def renewed(self) -> Person:
        """The same session with the tokens of a refresh."""
        answer = await self.refresh()
        assert answer.status_code == 200, answer.text
        return self.of(self.shop, self.email, answer.json())

    async def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.shop.request(method, f"{AUTH}{path}", json=body, headers=self.headers)

    async def status(self) -> int:
        """How a protected route answers."""
        return (await self.call("GET", "/me")).status_code
