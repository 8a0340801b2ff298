"""The sessions that `trolley call` keeps between calls."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import orjson

from trolley.client import require_success
from trolley.state import private_folder, write_private

_EXPIRY_MARGIN_SECONDS = 30
_KEPT_SECONDS = 365 * 24 * 3600
"""A device token lives this long after its sign-in, and no other token longer."""


@dataclass(frozen=True, slots=True)
class SavedSession:
    """Tokens of one identity; `expires_at` is in seconds since 1970. With its device token a sign-in is not
    slowed down by those who guess the password, so that token outlives the session."""

    access_token: str
    refresh_token: str | None
    expires_at: float
    device_token: str | None = None

    @classmethod
    def from_answer(cls, answer: dict[str, Any], device_token: str | None = None) -> SavedSession:
        """The session in the answer of register, login, guest or refresh, which may have no device token."""
        return cls(
            answer["access_token"],
            answer.get("refresh_token"),
            time.time() + answer["expires_in"],
            answer.get("device_token") or device_token,
        )

    @property
    def fresh(self) -> bool:
        return time.time() < self.expires_at - _EXPIRY_MARGIN_SECONDS

    @property
    def ended(self) -> SavedSession:
        """The device token alone."""
        return replace(
            self, access_token="", refresh_token=None, expires_at=min(self.expires_at, time.time())
        )


class SessionFile:
    """The kept sessions by name, in a file that only its owner can read. If it cannot be written, they are
    kept in memory, and `warn` is called once."""

    def __init__(self, path: Path, warn: Callable[[str], None]) -> None:
        self._path = path
        self._warn = warn
        self._in_memory: dict[str, Any] | None = None

    def get(self, name: str) -> SavedSession | None:
        entry = self._read().get(name)
        return SavedSession(**entry) if entry else None

    def put(self, name: str, session: SavedSession) -> None:
        self._write({**self._read(), name: asdict(session)})

    def forget(self, name: str) -> None:
        """Forgets the session. Its device token is kept for the next sign-in."""
        sessions = self._read()
        entry = sessions.pop(name, None)
        if entry and entry.get("device_token"):
            sessions[name] = asdict(SavedSession(**entry).ended)
        self._write(sessions)

    def _read(self) -> dict[str, Any]:
        if self._in_memory is not None:
            return self._in_memory
        try:
            kept = orjson.loads(self._path.read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return {}
        return (
            {name: entry for name, entry in kept.items() if _is_session(entry)}
            if isinstance(kept, dict)
            else {}
        )

    def names(self) -> list[str]:
        return list(self._read())

    def _write(self, sessions: dict[str, Any]) -> None:
        kept = {
            name: entry
            for name, entry in sessions.items()
            if entry["expires_at"] > time.time() - _KEPT_SECONDS
        }
        try:
            private_folder(self._path.parent)
            write_private(self._path, orjson.dumps(kept))
        except OSError as error:
            if self._in_memory is None:
                self._warn(f"{self._path} cannot be written ({error.strerror}), so the sign-in is not kept.")
            self._in_memory = sessions


def _is_session(entry: Any) -> bool:
    """Returns False for an edited entry. Former releases had no device token."""
    needed = {"access_token", "refresh_token", "expires_at"}
    return isinstance(entry, dict) and needed <= entry.keys() <= {*needed, "device_token"}


SignIn = Callable[[httpx.AsyncClient, str | None], Awaitable[SavedSession]]
"""A sign-in, with the device token of an earlier one."""


class KeptIdentity:
    """One identity: its kept session if that is valid, else a refreshed one, else a new sign-in."""

    def __init__(self, name: str, file: SessionFile, sign_in: SignIn) -> None:
        self._name = name
        self._file = file
        self._sign_in = sign_in

    async def token(self, client: httpx.AsyncClient) -> str:
        session = self._file.get(self._name)
        if session is None or not session.fresh:
            device_token = session.device_token if session else None
            session = await self._renewed(client, session) or await self._sign_in(client, device_token)
            self._file.put(self._name, session)
        return session.access_token

    def forget(self) -> None:
        """The next token comes from a new sign-in, with the device token of the former one."""
        self._file.forget(self._name)

    async def _renewed(self, client: httpx.AsyncClient, session: SavedSession | None) -> SavedSession | None:
        if session is None or session.refresh_token is None:
            return None
        answer = await client.post("/api/v1/auth/refresh", json={"refresh_token": session.refresh_token})
        return SavedSession.from_answer(answer.json(), session.device_token) if answer.is_success else None


async def guest_session(client: httpx.AsyncClient, _: str | None = None) -> SavedSession:
    """A new guest, who has no known device."""
    return SavedSession.from_answer(require_success(await client.post("/api/v1/auth/guest")))


def login(email: str, ask_password: Callable[[], str]) -> SignIn:
    """A sign-in with a password, which is asked for only if it is needed."""

    async def sign_in(client: httpx.AsyncClient, device_token: str | None = None) -> SavedSession:
        body = {"email": email, "password": ask_password()}
        known = {"Device-Token": device_token} if device_token else {}
        answer = await client.post("/api/v1/auth/login", json=body, headers=known)
        return SavedSession.from_answer(require_success(answer))

    return sign_in
