"""Sessions, devices and passwords against a model that says who is signed in, at two replicas."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from jose import jwt

from auth_service.main import create_app
from auth_service.settings import AuthSettings
from shared.clock import SystemClock
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, fresh_email
from tests.support.apps import running
from tests.support.clock import MovableClock
from tests.support.waiting import eventually

MOST_SESSIONS = 3
GRACE = timedelta()
"""For so long after an exchange the spent token gives the newest one."""

replicas = st.integers(0, 1)
picks = st.integers(0, 10)


class TwoReplicas:
    """Two replicas of auth_service, whose clock the test moves."""

    def __init__(self, make: MakeSettings) -> None:
        self._make = make
        self._stack = AsyncExitStack()
        self.loop = asyncio.new_event_loop()
        self.clock = MovableClock(SystemClock().now().replace(microsecond=0))
        self.settings: AuthSettings = make(
            auth_sessions_per_user=MOST_SESSIONS, auth_failures_per_account=10**6, log_requests=False
        )
        self.clients: list[httpx.AsyncClient] = []

    def run(self, awaitable: Any) -> Any:
        return self.loop.run_until_complete(awaitable)

    def start(self) -> None:
        self.run(self._start())

    def stop(self) -> None:
        self.run(self._stack.aclose())

    async def _start(self) -> None:
        for _ in range(2):
            app = create_app(self.settings, clock=self.clock)
            self.clients.append(await self._stack.enter_async_context(running(app)))

    def close(self) -> None:
        self.stop()
        self.loop.close()


@dataclass
class Device:
    """A sign-in. `tokens` are its refresh tokens, the newest last."""

    access: str
    tokens: list[str]
    exchanged_at: datetime
    access_expires_at: datetime
    expires_at: datetime
    signed_in: bool = True

    @property
    def id(self) -> str:
        return str(jwt.get_unverified_claims(self.access)["sid"])

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}"}


@dataclass
class Account:
    """What the model knows of the person."""

    email: str = field(default_factory=fresh_email)
    password: str = "password number 0"
    changes: int = 0
    devices: list[Device] = field(default_factory=list)


class SessionMachine(RuleBasedStateMachine):
    """One account at two replicas. No rule waits: the clock is moved."""

    world: ClassVar[TwoReplicas]

    @initialize()
    def register(self) -> None:
        self.account = Account()
        body = {"name": "Ana", "email": self.account.email, "password": self.account.password}
        self._add(self._post(0, "/register", body, 201))

    @rule(replica=replicas)
    def sign_in(self, replica: int) -> None:
        body = {"email": self.account.email, "password": self.account.password}
        self._add(self._post(replica, "/login", body, 200))
        for device in self._signed_in()[:-MOST_SESSIONS]:
            device.signed_in = False

    @rule(replica=replicas)
    def fail_to_sign_in(self, replica: int) -> None:
        body = {"email": self.account.email, "password": "not my password"}
        self._post(replica, "/login", body, 401)

    @rule(replica=replicas, pick=picks, back=st.integers(0, 3))
    def refresh(self, replica: int, pick: int, back: int) -> None:
        """With the newest token, its predecessor, or an older one."""
        device = self._pick(pick, self.account.devices)
        back = min(back, len(device.tokens) - 1)
        kept = back == 0 or (back == 1 and self.now < device.exchanged_at + GRACE)
        live = self._is_live(device)
        body = {"refresh_token": device.tokens[-1 - back]}
        answer = self._post(replica, "/refresh", body, 200 if live and kept else 401)
        if not live:
            return
        if not kept:
            device.signed_in = False
            return
        if back == 1:
            assert answer["refresh_token"] == device.tokens[-1]
        self._renew(device, answer, exchanged=back == 0)

    @rule(replica=replicas, pick=picks)
    def sign_out(self, replica: int, pick: int) -> None:
        if device := self._with_access(pick):
            self._call(replica, device, "POST", "/logout")
            device.signed_in = False

    @rule(replica=replicas, pick=picks)
    def sign_out_everywhere(self, replica: int, pick: int) -> None:
        if device := self._with_access(pick):
            self._call(replica, device, "POST", "/logout-all")
            self._end_all()

    @rule(replica=replicas, pick=picks, other=picks)
    def sign_out_another_device(self, replica: int, pick: int, other: int) -> None:
        if device := self._with_access(pick):
            ended = self._pick(other, self._signed_in())
            self._call(replica, device, "DELETE", f"/sessions/{ended.id}")
            ended.signed_in = False

    @rule(replica=replicas, pick=picks)
    def change_password(self, replica: int, pick: int) -> None:
        if device := self._with_access(pick):
            account, former = self.account, self.account.password
            account.changes += 1
            account.password = f"password number {account.changes}"
            body = {"current_password": former, "new_password": account.password}
            self._call(replica, device, "POST", "/password", body)
            self._end_all(keep=device)

    @rule(seconds=st.sampled_from([10, 40, 660, 8 * 86_400, 40 * 86_400]))
    def let_time_pass(self, seconds: int) -> None:
        self.world.clock.move(seconds=seconds)

    @invariant()
    def replicas_agree_with_the_model(self) -> None:
        """An access token works as long as its device is signed in, and no longer."""
        if not hasattr(self, "account"):
            return
        for device in self.account.devices:
            wanted = 200 if self._is_usable(device) else 401
            for client in self.world.clients:
                self.world.run(self._has_status(client, device, wanted))

    @invariant()
    def the_list_shows_who_is_signed_in(self) -> None:
        if hasattr(self, "account") and (device := self._with_access(0)):
            for client in self.world.clients:
                answer = self.world.run(client.get(f"{AUTH}/sessions", headers=device.headers))
                listed = [session["id"] for session in answer.json()["items"]]
                assert listed == [it.id for it in self._signed_in()]

    @property
    def now(self) -> datetime:
        return self.world.clock.now()

    async def _has_status(self, client: httpx.AsyncClient, device: Device, wanted: int) -> None:
        async def answers() -> bool:
            return (await client.get(f"{AUTH}/me", headers=device.headers)).status_code == wanted

        if wanted == 200:
            assert await answers()
        else:  # the revocation is on its way
            await eventually(answers)

    def _signed_in(self) -> list[Device]:
        return [device for device in self.account.devices if self._is_live(device)]

    def _is_live(self, device: Device) -> bool:
        return device.signed_in and self.now < device.expires_at

    def _is_usable(self, device: Device) -> bool:
        return device.signed_in and self.now < device.access_expires_at

    def _with_access(self, pick: int) -> Device | None:
        usable = [device for device in self.account.devices if self._is_usable(device)]
        return self._pick(pick, usable) if usable else None

    def _pick(self, pick: int, devices: list[Device]) -> Device:
        return devices[pick % len(devices)]

    def _end_all(self, keep: Device | None = None) -> None:
        for device in self.account.devices:
            device.signed_in = device.signed_in and device is keep

    def _add(self, answer: dict[str, Any]) -> None:
        device = Device(answer["access_token"], [], self.now, self.now, self.now)
        self.account.devices.append(device)
        self._renew(device, answer, exchanged=True)

    def _renew(self, device: Device, answer: dict[str, Any], *, exchanged: bool) -> None:
        device.access = answer["access_token"]
        device.access_expires_at = self.now + timedelta(seconds=answer["expires_in"])
        if exchanged:
            device.tokens.append(answer["refresh_token"])
            device.exchanged_at = self.now
            device.expires_at = self.now + timedelta(seconds=self.world.settings.auth_session_seconds)

    def _post(self, replica: int, path: str, body: dict[str, Any], wanted: int) -> dict[str, Any]:
        answer = self.world.run(self.world.clients[replica].post(f"{AUTH}{path}", json=body))
        assert answer.status_code == wanted, (path, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def _call(self, replica: int, device: Device, method: str, path: str, body: Any = None) -> None:
        client = self.world.clients[replica]
        request = client.request(method, f"{AUTH}{path}", json=body, headers=device.headers)
        answer = self.world.run(request)
        assert answer.status_code == 204, (path, answer.text)


@pytest.fixture
def two_replicas(auth_settings: MakeSettings) -> Iterator[TwoReplicas]:
    opened = TwoReplicas(auth_settings)
    opened.start()
    yield opened
    opened.close()


def test_the_model_says_who_is_signed_in(two_replicas: TwoReplicas) -> None:
    SessionMachine.world = two_replicas
    run_state_machine_as_test(
        SessionMachine, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )
