"""The operator's use cases, without a sign-in."""

from __future__ import annotations

import httpx
import pytest

from auth_service.accounts.errors import AccountNotFound, EmailAlreadyRegistered
from auth_service.bootstrap import open_operator_tools
from auth_service.keys.signing import WrongSecret
from shared.clock import SystemClock
from shared.errors import InvalidInput, Unavailable
from shared.security.identity import Role, Scope
from tests.auth_service.conftest import MakeSettings
from tests.auth_service.people import AUTH, PASSWORD, Person, fresh_email
from tests.support.waiting import eventually


async def test_the_first_administrator_is_made_before_the_service_runs(auth_settings: MakeSettings) -> None:
    email = fresh_email()
    async with open_operator_tools(auth_settings()) as operator:
        user = await operator.create_user("Root", email.upper(), PASSWORD, Role.ADMIN)
        assert (user.email, user.role, user.sessions) == (email, Role.ADMIN, ())
        with pytest.raises(EmailAlreadyRegistered):
            await operator.create_user("Root", email, PASSWORD)
        with pytest.raises(InvalidInput):
            await operator.create_user("", "no", "short")


@pytest.mark.parametrize("role", [Role.EDITOR, Role.ADMIN])
async def test_the_operator_gives_nobody_with_rights_a_short_password(
    auth_settings: MakeSettings, role: Role
) -> None:
    email, short = fresh_email(), "brown otter"
    async with open_operator_tools(auth_settings()) as operator:
        with pytest.raises(InvalidInput, match="at least 15"):
            await operator.create_user("Root", email, short, role)
        await operator.create_user("Root", email, PASSWORD, role)
        with pytest.raises(InvalidInput, match="at least 15"):
            await operator.set_password(email, short)
        await operator.create_user("Ana", customer := fresh_email(), short)
        await operator.set_password(customer, "green otter")


async def test_an_operator_token_opens_what_its_scopes_say(
    shop: httpx.AsyncClient, auth_settings: MakeSettings, ana: Person
) -> None:
    async with open_operator_tools(auth_settings()) as operator:
        administrator = await operator.issue_operator_token([Scope.USERS_ADMIN])
        importer = await operator.issue_operator_token([Scope.CATALOG_WRITE])

    async def status(token: str, path: str = f"/users/{ana.id}") -> int:
        answer = await shop.get(f"{AUTH}{path}", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code

    assert [await status(token) for token in (administrator, importer)] == [200, 403]
    assert await status(administrator, "/me") == 404
    assert await status(administrator, "/sessions") == 200


@pytest.mark.parametrize("path", ["/logout", "/logout-all"])
async def test_an_operator_token_can_be_ended(
    shop: httpx.AsyncClient, auth_settings: MakeSettings, path: str
) -> None:
    async with open_operator_tools(auth_settings()) as operator:
        token = await operator.issue_operator_token([Scope.USERS_ADMIN])
    headers = {"Authorization": f"Bearer {token}"}
    assert (await shop.post(f"{AUTH}{path}", headers=headers)).status_code == 204

    async def refused() -> bool:
        return (await shop.get(f"{AUTH}/users", headers=headers)).status_code == 401

    await eventually(refused)


async def test_keys_are_rotated_under_running_services(ana: Person, auth_settings: MakeSettings) -> None:
    settings = auth_settings()
    async with open_operator_tools(settings) as operator:
        key = await operator.rotate_keys()
    assert await ana.status() == 200
    assert key.active_from > SystemClock().now()


async def test_a_new_password_ends_every_session_and_is_the_only_one(
    shop: httpx.AsyncClient, auth_settings: MakeSettings, ana: Person
) -> None:
    async with open_operator_tools(auth_settings()) as operator:
        await operator.set_password(ana.email.upper(), "another horse battery")
    assert await ana.status() == 401

    async def login(password: str) -> int:
        body = {"email": ana.email, "password": password}
        return (await shop.post(f"{AUTH}/login", json=body)).status_code

    assert [await login(password) for password in (PASSWORD, "another horse battery")] == [401, 200]


@pytest.mark.parametrize(
    ("email", "password", "pointer"),
    [("no", PASSWORD, "/email"), ("ana@example.com", "short", "/password")],
)
async def test_a_new_password_and_its_account_are_checked(
    auth_settings: MakeSettings, email: str, password: str, pointer: str
) -> None:
    async with open_operator_tools(auth_settings()) as operator:
        with pytest.raises(InvalidInput) as refused:
            await operator.set_password(email, password)
        assert [error.pointer for error in refused.value.errors] == [pointer]
        with pytest.raises(AccountNotFound):
            await operator.set_password(fresh_email(), PASSWORD)


async def test_an_absent_nats_is_named(auth_settings: MakeSettings, free_port: int) -> None:
    settings = auth_settings(nats_url=f"nats://127.0.0.1:{free_port}")
    with pytest.raises(Unavailable, match="NATS_URL"):
        async with open_operator_tools(settings, patience_seconds=0.5):
            pass


async def test_another_secret_is_named(shop: httpx.AsyncClient, auth_settings: MakeSettings) -> None:
    with pytest.raises(WrongSecret, match="AUTH_SECRET"):
        async with open_operator_tools(auth_settings(auth_secret="another secret of a fair length")):
            pass
