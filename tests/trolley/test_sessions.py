"""Sessions kept between calls: used while fresh, refreshed when old, replaced when refused."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI, Request, Response

from trolley.errors import CommandFailed
from trolley.sessions import KeptIdentity, SavedSession, SessionFile, guest_session, login


class AuthStandIn:
    """Answers as auth does, and counts its guests."""

    def __init__(self) -> None:
        self.guests = 0
        self.refreshable = {"refresh-1"}
        self.devices: list[str | None] = []
        self.app = FastAPI()
        self.app.add_api_route("/api/v1/auth/guest", self.guest, methods=["POST"])
        self.app.add_api_route("/api/v1/auth/refresh", self.refresh, methods=["POST"])
        self.app.add_api_route("/api/v1/auth/login", self.login, methods=["POST"])

    async def guest(self) -> dict[str, Any]:
        self.guests += 1
        return {"access_token": f"guest-{self.guests}", "refresh_token": "refresh-1", "expires_in": 600}

    async def refresh(self, body: dict[str, str], response: Response) -> dict[str, Any]:
        if body["refresh_token"] not in self.refreshable:
            response.status_code = 401
            return {}
        return {"access_token": "renewed", "refresh_token": "refresh-2", "expires_in": 600}

    async def login(self, request: Request, body: dict[str, str], response: Response) -> dict[str, Any]:
        self.devices.append(request.headers.get("device-token"))
        if body["password"] != "correct":
            response.status_code = 401
            return {"title": "Not authenticated", "detail": "Check the e-mail address and the password."}
        return {
            "access_token": f"token of {body['email']}",
            "refresh_token": "r",
            "expires_in": 600,
            "device_token": f"device of {body['email']}",
        }


@pytest.fixture
def auth() -> AuthStandIn:
    return AuthStandIn()


@pytest.fixture
async def client(auth: AuthStandIn) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(auth.app), base_url="http://shop") as client:
        yield client


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def kept(tmp_path: Path, warnings: list[str]) -> SessionFile:
    return SessionFile(tmp_path / "data" / "sessions.json", warnings.append)


async def test_the_same_guest_is_used_again(kept: SessionFile, client: httpx.AsyncClient) -> None:
    first = await KeptIdentity("guest", kept, guest_session).token(client)
    assert await KeptIdentity("guest", kept, guest_session).token(client) == first == "guest-1"


async def test_the_file_is_for_its_owner_alone(
    kept: SessionFile, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    await KeptIdentity("guest", kept, guest_session).token(client)
    assert (tmp_path / "data" / "sessions.json").stat().st_mode & 0o777 == 0o600


async def test_an_old_session_is_refreshed(kept: SessionFile, client: httpx.AsyncClient) -> None:
    kept.put("guest", SavedSession("old", "refresh-1", time.time() - 1))
    assert await KeptIdentity("guest", kept, guest_session).token(client) == "renewed"
    assert kept.get("guest") is not None


async def test_what_cannot_be_refreshed_is_signed_in_anew(
    kept: SessionFile, client: httpx.AsyncClient, auth: AuthStandIn
) -> None:
    kept.put("guest", SavedSession("old", "spent", time.time() - 1))
    assert await KeptIdentity("guest", kept, guest_session).token(client) == "guest-1"
    assert auth.guests == 1


async def test_a_forgotten_identity_signs_in_anew(
    kept: SessionFile, client: httpx.AsyncClient, auth: AuthStandIn
) -> None:
    identity = KeptIdentity("guest", kept, guest_session)
    await identity.token(client)
    identity.forget()
    assert await identity.token(client) == "guest-2"


async def test_identities_are_kept_apart(kept: SessionFile, client: httpx.AsyncClient) -> None:
    ann = KeptIdentity("ann@example.com", kept, login("ann@example.com", lambda: "correct"))
    bob = KeptIdentity("bob@example.com", kept, login("bob@example.com", lambda: "correct"))
    assert await ann.token(client) == "token of ann@example.com"
    assert await bob.token(client) == "token of bob@example.com"


async def test_a_wrong_password_says_so_and_keeps_nothing(
    kept: SessionFile, client: httpx.AsyncClient
) -> None:
    identity = KeptIdentity("ann@example.com", kept, login("ann@example.com", lambda: "wrong"))
    with pytest.raises(CommandFailed, match="Check the e-mail address and the password"):
        await identity.token(client)
    assert kept.get("ann@example.com") is None


async def test_a_damaged_file_is_no_error(
    kept: SessionFile, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sessions.json").write_text("{")
    assert await KeptIdentity("guest", kept, guest_session).token(client) == "guest-1"


async def test_where_nothing_can_be_written_the_session_is_kept_in_memory_and_that_is_told(
    kept: SessionFile, client: httpx.AsyncClient, warnings: list[str], tmp_path: Path
) -> None:
    (tmp_path / "data").touch()  # no folder can be made here
    identity = KeptIdentity("guest", kept, guest_session)
    assert [await identity.token(client), await identity.token(client)] == ["guest-1", "guest-1"]
    identity.forget()
    assert await identity.token(client) == "guest-2"
    assert len(warnings) == 1
    assert "sessions.json cannot be written" in warnings[0]


async def test_a_sign_in_again_shows_the_device(
    kept: SessionFile, client: httpx.AsyncClient, auth: AuthStandIn
) -> None:
    """So guesses of others do not slow down the operator."""
    identity = KeptIdentity("ana", kept, login("ana@example.com", lambda: "correct"))
    await identity.token(client)
    auth.refreshable.clear()
    session = kept.get("ana")
    assert session is not None
    kept.put("ana", replace(session, expires_at=time.time() - 1))
    await identity.token(client)
    assert auth.devices == [None, "device of ana@example.com"]
    renewed = kept.get("ana")
    assert renewed is not None
    assert renewed.device_token == "device of ana@example.com"


async def test_a_session_of_a_former_release_is_kept(
    kept: SessionFile, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    kept.put("guest", SavedSession("guest-7", "refresh-1", time.time() + 600))
    path = tmp_path / "data" / "sessions.json"
    entries = orjson.loads(path.read_bytes())
    del entries["guest"]["device_token"]
    path.write_bytes(orjson.dumps(entries))
    assert await KeptIdentity("guest", kept, guest_session).token(client) == "guest-7"


async def test_a_forgotten_identity_keeps_its_device(
    kept: SessionFile, client: httpx.AsyncClient, auth: AuthStandIn
) -> None:
    """Also after a mistyped password, and for as long as a device token lives."""
    typed = iter(["correct", "mistyped", "correct"])
    identity = KeptIdentity("ana", kept, login("ana@example.com", lambda: next(typed)))
    await identity.token(client)
    identity.forget()
    identity.forget()
    with pytest.raises(CommandFailed):
        await identity.token(client)
    assert await identity.token(client) == "token of ana@example.com"
    device = "device of ana@example.com"
    assert auth.devices == [None, device, device]


async def test_a_device_is_kept_for_most_of_a_year_without_a_call(
    kept: SessionFile, client: httpx.AsyncClient, auth: AuthStandIn
) -> None:
    months_ago = time.time() - 300 * 24 * 3600
    kept.put("ana", SavedSession("old", "spent", months_ago, "device-7"))
    await KeptIdentity("guest", kept, guest_session).token(client)
    await KeptIdentity("ana", kept, login("ana@example.com", lambda: "correct")).token(client)
    assert auth.devices == ["device-7"]
