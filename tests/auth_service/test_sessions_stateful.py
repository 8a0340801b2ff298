"""Sessions, devices, passwords and codes against a model that says who is signed in, at two replicas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.auth_service.conftest import MakeSettings
from tests.auth_service.mailed_codes import SUBJECTS
from tests.auth_service.people import AUTH
from tests.auth_service.two_replicas import (
    DAY,
    GRACE,
    IDLE,
    LONGEST,
    MOST_SESSIONS,
    Account,
    Device,
    TwoReplicas,
)
from tests.support.mails import MailsInFolder, code_in
from tests.support.waiting import eventually

replicas = st.integers(0, 1)
picks = st.integers(0, 10)


def wrong(code: str) -> str:
    """Another code than this one."""
    return ("B" if code[0] != "B" else "C") + code[1:]


class SessionMachine(RuleBasedStateMachine):
    """One account at two replicas. No rule waits: the clock is moved."""

    world: ClassVar[TwoReplicas]

    @initialize()
    def register(self) -> None:
        self.account, self.rotations = Account(), 0
        body = {"name": "Ana", "email": self.account.email, "password": self.account.password}
        self._add(self._post(0, "/register", body, 201))
        self.world.run(self._mailed(SUBJECTS["verify"]))

    @rule(replica=replicas)
    def sign_in(self, replica: int) -> None:
        password = self.account.password
        body = {"email": self.account.email, "password": password or "the one that was removed"}
        answer = self._post(replica, "/login", body, 200 if password else 401)
        if password:
            self._add(answer)
            self._end_the_oldest()

    @rule(replica=replicas)
    def fail_to_sign_in(self, replica: int) -> None:
        body = {"email": self.account.email, "password": "not my password"}
        self._post(replica, "/login", body, 401)

    @rule(replica=replicas, pick=picks, back=st.integers(0, 3))
    def refresh(self, replica: int, pick: int, back: int) -> None:
        """With the newest token, its predecessor, or an older one."""
        device = self._pick(pick, self.account.devices)
        back = min(back, len(device.tokens) - 1)
        token, secret = device.tokens[-1 - back]
        counts = self._is_live(device) and secret >= len(self.world.secrets) - 2
        kept = back == 0 or (back == 1 and self.now <= device.exchanged_at + GRACE)
        answer = self._post(replica, "/refresh", {"refresh_token": token}, 200 if counts and kept else 401)
        if counts and kept:
            self._renew(device, answer, exchanged=back == 0)
        elif counts:
            device.signed_in = False

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

    @rule(replica=replicas, purpose=st.sampled_from(["verify", "sign_in", "reset"]), in_time=st.booleans())
    def use_a_code(self, replica: int, purpose: str, in_time: bool) -> None:
        """Asks for a code and types a wrong one, then the right one, then the right one again."""
        self.world.clock.move(seconds=70)  # within a minute there is no other mail
        account, request = self.account, {"email": self.account.email, "purpose": purpose}
        device = self._with_access(0) if purpose == "verify" else None
        if purpose == "verify" and not (device and in_time):
            return
        by = device.headers if device else None
        handle = self._post(replica, "/codes", request, 202)["code_id"]
        code = self.world.run(self._mailed(SUBJECTS[purpose]))
        if not in_time:
            self.world.clock.move(minutes=11)
        new = {"new_password": f"reset number {len(account.devices)}"} if purpose == "reset" else {}
        body = {**request, **new, "code_id": handle, "code": code}
        self._post(replica, "/codes/use", {**body, "code": wrong(code)}, 403, by)
        used = self._post(replica, "/codes/use", body, 200 if in_time else 403, by)
        if in_time:
            self._take(purpose, used["session"], new.get("new_password"))
        self._post(1 - replica, "/codes/use", body, 403, by)

    async def _mailed(self, about: str) -> str:
        """The code of a new mail. One that is sent again has the same id, and after a change of the secret
        another code."""

        def unseen() -> EmailMessage | None:
            mails = self.world.mails.all(self.account.email, about)
            return next((mail for mail in mails if mail["Message-ID"] not in self.account.mails), None)

        mail = await eventually(unseen)
        assert mail is not None
        self.account.mails.add(mail["Message-ID"])
        return code_in(mail)

    def _take(self, purpose: str, session: dict[str, Any] | None, new_password: str | None) -> None:
        """What a code does. Somebody else may have registered an address that was never verified."""
        account = self.account
        if purpose == "reset" or (purpose == "sign_in" and not account.verified):
            self._end_all()
            account.password = new_password
        account.verified = True
        if session:
            self._add(session)
            self._end_the_oldest()

    @rule(replica=replicas, pick=picks)
    def change_password(self, replica: int, pick: int) -> None:
        if (device := self._with_access(pick)) and self.account.password:
            account, former = self.account, self.account.password
            account.changes += 1
            account.password = f"password number {account.changes}"
            body = {"current_password": former, "new_password": account.password}
            self._call(replica, device, "POST", "/password", body)
            self._end_all(keep=device)

    @precondition(lambda self: self.rotations < 2)
    @rule()
    def change_the_secret(self) -> None:
        self.rotations += 1
        self.world.rotate_secret()

    @rule(seconds=st.sampled_from([10, 10, 40, 660, 8 * DAY, 25 * DAY]))
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

    def _end_the_oldest(self) -> None:
        # A session that time has ended keeps its place.
        for device in [it for it in self.account.devices if it.signed_in][:-MOST_SESSIONS]:
            device.signed_in = False

    def _end_all(self, keep: Device | None = None) -> None:
        for device in self.account.devices:
            device.signed_in = device.signed_in and device is keep

    def _add(self, answer: dict[str, Any]) -> None:
        device = Device(answer["access_token"], [], *[self.now] * 4)
        self.account.devices.append(device)
        self._renew(device, answer, exchanged=True)

    def _renew(self, device: Device, answer: dict[str, Any], *, exchanged: bool) -> None:
        device.access = answer["access_token"]
        device.access_expires_at = self.now + timedelta(seconds=answer["expires_in"])
        if not exchanged:
            assert answer["refresh_token"] == device.tokens[-1][0]
            return
        device.tokens.append((answer["refresh_token"], len(self.world.secrets) - 1))
        device.exchanged_at = self.now
        device.expires_at = min(self.now + IDLE, device.signed_in_at + LONGEST)

    def _post(
        self,
        replica: int,
        path: str,
        body: dict[str, Any],
        wanted: int,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        request = self.world.clients[replica].post(f"{AUTH}{path}", json=body, headers=headers)
        answer = self.world.run(request)
        assert answer.status_code == wanted, (path, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    def _call(self, replica: int, device: Device, method: str, path: str, body: Any = None) -> None:
        client = self.world.clients[replica]
        request = client.request(method, f"{AUTH}{path}", json=body, headers=device.headers)
        answer = self.world.run(request)
        assert answer.status_code == 204, (path, answer.text)


@pytest.fixture
def two_replicas(auth_settings: MakeSettings, mails: MailsInFolder) -> Iterator[TwoReplicas]:
    opened = TwoReplicas(auth_settings, mails)
    opened.start()
    yield opened
    opened.close()


def test_the_model_says_who_is_signed_in(two_replicas: TwoReplicas, store_settings: dict[str, Any]) -> None:
    examples = 10 if store_settings["elasticsearch_url"] else 20  # the slower store gets fewer
    SessionMachine.world = two_replicas
    run_state_machine_as_test(
        SessionMachine, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None)
    )
