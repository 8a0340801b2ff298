"""No secret and no personal word reaches a log, whatever people do and whatever goes wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.ids import new_id
from tests.auth_service.mailed_codes import SUBJECTS
from tests.e2e.shops import bare_environment
from tests.support.mails import MailsInFolder
from tests.support.waiting import eventually
from trolley.local.stack import LocalStack
from trolley.operations import operator_session

AUTH = "/api/v1/auth"
END = "the-end-of-this-test"

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@dataclass
class LoggedShop:
    """A shop whose output is kept, and the words that it must not have."""

    stack: LocalStack
    client: httpx.AsyncClient
    lines: list[str]
    words: dict[str, str] = field(default_factory=dict)
    jar: dict[str, str] = field(default_factory=dict)

    def word(self, what: str) -> str:
        """A word that appears nowhere else, in letters that no encoding changes."""
        made = new_id()
        self.words[made] = what
        return made

    def email(self, what: str) -> str:
        return f"{self.word(what)}@{self.word(f'the domain of {what}')}.example"

    async def call(self, method: str, path: str, token: str = "", **options: Any) -> httpx.Response:
        """The answer, whose secrets are words from now on."""
        headers = {"User-Agent": f"Agent {self.word('a User-Agent')}", **options.pop("headers", {})}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        answer = await self.client.request(method, path, headers=headers, **options)
        self._note(answer)
        return answer

    async def code(self, email: str, about: str) -> str:
        """The code in a mail to that address, which is a word from now on."""
        code = await MailsInFolder(self.stack.directory / "mail").code(email, about)
        self.words[code] = self.words[code.replace("-", "")] = "a mailed code"
        return code

    def _note(self, answer: httpx.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            if value:
                self.jar[name] = value
                self.words[value.rpartition(".")[2]] = f"the cookie {name}"
        found = answer.json() if "json" in answer.headers.get("content-type", "") else None
        for body in (found, found.get("session") if isinstance(found, dict) else None):
            for name in ("access_token", "refresh_token", "device_token"):
                if isinstance(body, dict) and body.get(name):
                    self.words[body[name].rpartition(".")[2]] = name

    async def texts(self) -> dict[str, str]:
        """Every log, once the gateway has written the last line of its own."""
        await self.client.get(f"/{END}")
        access_log = self.stack.directory / "access.log"

        async def written() -> bool:
            await self.client.get("/api/v1/products/health/live", headers={"X-Request-Id": END})
            return END in access_log.read_text()

        await eventually(written)
        files = {str(path): path.read_text(errors="replace") for path in self._logs()}
        quiet = {name: "\n".join(self.stack.process(name).tail) for name in ("nats", "redis", "gateway")}
        return {"the output": "\n".join(self.lines), **files, **quiet}

    def _logs(self) -> list[Path]:
        return [path for path in self.stack.directory.rglob("*.log") if path.is_file()]


@pytest_asyncio.fixture(loop_scope="session")
async def logged_shop(tmp_path: Path) -> AsyncIterator[LoggedShop]:
    lines: list[str] = []
    settings = {"LOG_LEVEL": "debug", "AUTH_SIGN_UPS_PER_MINUTE": "0", "GATEWAY_RATE_AVERAGE": "0"}
    stack = LocalStack(
        tmp_path / ".data",
        environment={**bare_environment(), **settings},
        output=lambda name, line: lines.append(f"{name}: {line}"),
    )
    await stack.start()
    try:
        async with httpx.AsyncClient(base_url=stack.base_url, timeout=60) as client:
            yield LoggedShop(stack, client, lines)
    finally:
        await stack.stop()


async def test_no_log_has_a_secret_or_a_personal_word(logged_shop: LoggedShop) -> None:
    shop = logged_shop
    email, password = shop.email("the address"), f"pass {shop.word('the password')}"
    token = await live_with_an_account(shop, email, password)
    await use_a_browser(shop, email, password)
    password = await forget_the_password(shop, email, token)
    login = {"email": email, "password": password}
    token = (await shop.call("POST", f"{AUTH}/login", json=login)).json()["access_token"]
    email = await move_to_another_address(shop, token, password)
    await make_mistakes(shop, email, token)
    await ask_as_an_administrator(shop, email)
    await break_the_servers(shop, email, password)
    await end_the_account(shop, token, password)
    texts = await shop.texts()
    assert "request" in texts["the output"]
    found = [
        f"{what} in {place}: {line}"
        for place, text in texts.items()
        for word, what in shop.words.items()
        if word in text
        for line in text.splitlines()
        if word in line
    ]
    assert not found, "\n".join(found)


async def live_with_an_account(shop: LoggedShop, email: str, password: str) -> str:
    """Registers, signs in on three devices, renames, refreshes, looks around. Returns an access token."""
    account = {"name": f"Name {shop.word('the name')}", "email": email, "password": password}
    session = (await shop.call("POST", f"{AUTH}/register", json=account)).json()
    login = {"email": email, "password": password}
    token = (await shop.call("POST", f"{AUTH}/login", json=login)).json()["access_token"]
    form = {"grant_type": "password", "username": email, "password": password}
    assert (await shop.call("POST", f"{AUTH}/token", data=form)).status_code == 200
    refreshed = {"refresh_token": session["refresh_token"]}
    for _ in range(2):
        refreshed = (await shop.call("POST", f"{AUTH}/refresh", json=refreshed)).json()
    name = {"name": f"Name {shop.word('the new name')}"}
    assert (await shop.call("PATCH", f"{AUTH}/me", token, json=name)).status_code == 200
    for path in (f"{AUTH}/me", f"{AUTH}/sessions", f"{AUTH}/security-events", "/api/v1/cart"):
        assert (await shop.call("GET", path, token)).status_code == 200
    return token


async def use_a_browser(shop: LoggedShop, email: str, password: str) -> None:
    """Signs in and refreshes in cookie mode, as a page of another site too."""
    body = {"email": email, "password": password, "mode": "cookie"}
    page = {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"}
    assert (await shop.call("POST", f"{AUTH}/login", json=body, headers=page)).status_code == 200
    cookies = "; ".join(f"{name}={value}" for name, value in shop.jar.items())
    assert "__Host-trolley-refresh" in cookies
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for headers in (foreign, page):
        headers = {**headers, "Cookie": cookies}
        await shop.call("POST", f"{AUTH}/refresh", json={"mode": "cookie"}, headers=headers)


async def forget_the_password(shop: LoggedShop, email: str, token: str) -> str:
    """Asks for codes of every purpose, uses wrong ones and the right one. Returns the new password."""
    new = f"pass {shop.word('the reset password')}"
    for purpose in ("verify", "sign_in", "unlock", "reset"):
        for address in (email, shop.email("an address without an account")):
            request = {"email": address, "purpose": purpose}
            handle = (await shop.call("POST", f"{AUTH}/codes", json=request)).json()["code_id"]
            code = await shop.code(email, SUBJECTS[purpose])
            body = {"code_id": handle, "code": code, **request}
            body |= {"new_password": new} if purpose == "reset" else {}
            wrong = {**body, "code": f"BCDF-{'GHJK' if code[5:] != 'GHJK' else 'GHJL'}"}
            by = token if purpose == "verify" else ""
            assert (await shop.call("POST", f"{AUTH}/codes/use", by, json=wrong)).status_code == 403
            used = await shop.call("POST", f"{AUTH}/codes/use", by, json=body)
            assert used.status_code == (200 if address == email else 403), used.text
    return new


async def move_to_another_address(shop: LoggedShop, token: str, password: str) -> str:
    """Returns the new address of the account."""
    new = shop.email("the new address")
    body = {"email": new, "password": password}
    handle = (await shop.call("POST", f"{AUTH}/email", token, json=body)).json()["code_id"]
    code = await shop.code(new, SUBJECTS["change_email"])
    confirmation = {"code_id": handle, "code": code}
    answer = await shop.call("POST", f"{AUTH}/email/confirm", token, json=confirmation)
    assert answer.status_code == 200, answer.text
    return new


async def make_mistakes(shop: LoggedShop, email: str, token: str) -> None:
    """Puts addresses, passwords and tokens where they are refused, and where they do not belong."""
    wrong = f"wrong {shop.word('a wrong password')}"
    for address in (email, shop.email("an unknown address"), shop.word("a text that is no address")):
        await shop.call("POST", f"{AUTH}/login", json={"email": address, "password": wrong})
        form = {"grant_type": "password", "username": address, "password": wrong}
        await shop.call("POST", f"{AUTH}/token", data=form)
    taken = {"name": f"Name {shop.word('another name')}", "email": email, "password": wrong}
    assert (await shop.call("POST", f"{AUTH}/register", json=taken)).status_code == 409
    shifted = {"name": wrong, "email": wrong, "password": "short", wrong: email}
    assert (await shop.call("POST", f"{AUTH}/register", json=shifted)).status_code == 422
    broken = b'{"email": "%b", "password": "%b' % (email.encode(), wrong.encode())
    typed = {"Content-Type": "application/json"}
    assert (await shop.call("POST", f"{AUTH}/login", content=broken, headers=typed)).status_code == 400
    await shop.call("POST", f"{AUTH}/refresh", json={"refresh_token": f"a.{shop.word('a made-up token')}"})
    await shop.call("GET", f"{AUTH}/me", f"e30.e30.{shop.word('a forged token')}")
    await shop.call("GET", f"{AUTH}/me", headers={"Cookie": f"session={shop.word('a cookie')}"})
    changed = {"current_password": wrong, "new_password": f"new {shop.word('a new password')}"}
    await shop.call("POST", f"{AUTH}/password", token, json=changed)
    stray = shop.email("an address in a path")
    for path in (f"/{stray}", f"{AUTH}/{stray}", f"{AUTH}/users/{stray}", f"/api/v1/cart/{stray}", "/api/v1"):
        for query in ("", f"?email={stray}&code={shop.word('a code in a query')}"):
            await shop.call("GET", f"{path}{query}", token)
            await shop.call("POST", f"{path}{query}", token, json={"email": stray})
    await shop.call("GET", "/api/v1/products", params={"q": stray})


async def ask_as_an_administrator(shop: LoggedShop, email: str) -> None:
    session = await operator_session(shop.stack.environment)
    prefix = {"email_prefix": email[:10]}
    assert (await shop.call("GET", f"{AUTH}/users", session.access_token, params=prefix)).status_code == 200
    for address in (email, email.upper(), shop.email("an address searched for")):
        answer = await shop.call("GET", f"{AUTH}/users", session.access_token, params={"email": address})
        assert answer.status_code == 200
    await shop.call("GET", f"{AUTH}/users", session.access_token, params={"mail": email})
    await shop.call("GET", f"{AUTH}/users/{email}", session.access_token)


async def break_the_servers(shop: LoggedShop, email: str, password: str) -> None:
    """Signs in without Redis, then without NATS, which errors and warnings are written about."""
    for server in ("redis", "nats"):
        await shop.stack.kill(server)
        await shop.call("POST", f"{AUTH}/login", json={"email": email, "password": password})
        await shop.call("POST", f"{AUTH}/login", json={"email": email, "password": "no " + password})
        await shop.stack.restart(server)

        async def signs_in() -> bool:
            body = {"email": email, "password": password}
            return (await shop.call("POST", f"{AUTH}/login", json=body)).status_code == 200

        await eventually(signs_in)


async def end_the_account(shop: LoggedShop, token: str, password: str) -> None:
    wrong = {"Current-Password": f"bad {shop.word('a wrong password in a header')}"}
    assert (await shop.call("DELETE", f"{AUTH}/me", token, headers=wrong)).status_code == 403
    answer = await shop.call("DELETE", f"{AUTH}/me", token, json={"password": password})
    assert answer.status_code == 204, answer.text
