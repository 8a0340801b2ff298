"""The operator's commands against a running shop, found through what the local run wrote down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from shared.ids import new_id
from tests.e2e.conftest import StartShop
from tests.e2e.shops import Person, Shop
from tests.support.mails import MailsInFolder
from tests.support.terminal import Result, Terminal
from tests.support.waiting import eventually
from trolley.migration import COLLECTIONS

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def own_shop(start_shop: StartShop) -> Shop:
    """On one store: a command is a request to the shop, or calls what the services' tests run on both."""
    return await start_shop("sqlite")


async def verified(shop: Shop, email: str) -> Person:
    """A customer who has confirmed the address."""
    person = await shop.register(email)
    asked = await person.call("POST", "/auth/codes", json={"email": email, "purpose": "verify"})
    code = await MailsInFolder(shop.stack.directory / "mail").code(email, "Confirm your address")
    use = {**asked.json(), "code": code, "purpose": "verify", "email": email}
    use.pop("expires_in")
    assert (await person.call("POST", "/auth/codes/use", json=use)).status_code == 200
    return person


def terminal_of(shop: Shop) -> Terminal:
    """Beside the shop's `.data`."""
    return Terminal(shop.stack.directory.parent, {})


async def trolley(shop: Shop, *arguments: str, stdin: str = "") -> Result:
    return await terminal_of(shop).run(*arguments, stdin=stdin)


async def test_nodes_shows_every_replica(own_shop: Shop) -> None:
    result = await trolley(own_shop, "nodes", "--timeout", "5")
    for service, count in own_shop.stack.scale.items():
        assert result.output.count(f" {service} ") == count, result


async def test_nodes_shows_what_runs_in_the_background(own_shop: Shop) -> None:
    result = await trolley(own_shop, "nodes", "--tasks", "--timeout", "5")
    for task in ("auth-sweep", "outbox-relay-products", "cart-expiry"):
        assert f" {task} " in result.output, result


async def test_an_administrator_made_on_the_command_line_can_sign_in(own_shop: Shop) -> None:
    email = f"{new_id()}@example.com"
    arguments = ("users", "create", "--email", email, "--admin", "--password-stdin")
    result = await trolley(own_shop, *arguments, stdin="correct horse battery staple\n")
    assert result.status == 0, result
    boss = await own_shop.login(email)
    assert boss.session["user"]["role"] == "admin"
    again = await trolley(own_shop, *arguments, stdin="correct horse battery staple\n")
    assert again.status == 1
    assert "exists" in again.errors


async def test_a_password_that_is_too_short_is_refused_by_name(own_shop: Shop) -> None:
    arguments = ("users", "create", "--email", f"{new_id()}@example.com", "--password-stdin")
    result = await trolley(own_shop, *arguments, stdin="short\n")
    assert result.status == 1
    assert "The password has 8 to 128 characters." in result.errors


async def test_an_account_is_promoted_disabled_and_given_a_password(own_shop: Shop) -> None:
    email = f"{new_id()}@example.com"
    person = await verified(own_shop, email)

    async def users(*arguments: str, stdin: str = "") -> None:
        result = await trolley(own_shop, "users", *arguments, stdin=stdin)
        assert result.status == 0, result

    async def listed() -> Any:
        return (await trolley(own_shop, "users", "list", email, "--json")).lines[0]

    other = ("create", "--email", f"{new_id()}@example.com", "--admin", "--password-stdin")
    await users(*other, stdin="correct horse battery staple\n")  # the last administrator stays one
    promoted = await trolley(own_shop, "users", "promote", email)
    assert f"users reset {email}`" in promoted.output, promoted
    assert (await listed())["role"] == "admin"
    assert (await person.call("GET", "/auth/me")).status_code == 401  # signed out by the change
    await users("demote", email)
    assert (await own_shop.login(email)).session["user"]["role"] == "customer"
    await users("disable", email)
    assert (await listed())["disabled"]
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        await own_shop.login(email)
    await users("enable", email)
    person = await own_shop.login(email)
    await users("password", email, "--password-stdin", stdin="another horse battery\n")
    assert (await person.call("GET", "/auth/me")).status_code == 401
    await own_shop.login(email, "another horse battery")
    with pytest.raises(httpx.HTTPStatusError, match="401"):
        await own_shop.login(email)
    nobody = await trolley(
        own_shop, "users", "password", f"{new_id()}@x.de", "--password-stdin", stdin="y" * 9
    )
    assert nobody.status == 1
    assert "no such account" in nobody.errors


async def test_an_account_is_shown_signed_out_and_deleted(own_shop: Shop) -> None:
    email = f"{new_id()}@example.com"
    person = await verified(own_shop, email)

    async def users(*arguments: str) -> str:
        result = await trolley(own_shop, "users", *arguments)
        assert result.status == 0, result
        return result.output

    await users("promote", email, "--editor")
    assert orjson.loads(await users("show", email))["role"] == "editor"
    person = await own_shop.login(email)
    assert "Session" in await users("sessions", email)
    await users("end", email)
    assert (await person.call("GET", "/auth/me")).status_code == 401
    assert "Nobody is signed in" in await users("sessions", email)
    await users("reset", email)
    await users("delete", email, "--yes")
    gone = await trolley(own_shop, "users", "show", email)
    assert gone.status == 1


async def test_accounts_are_found_by_the_beginning_of_the_address(own_shop: Shop) -> None:
    beginning = f"list-{new_id()}"
    emails = [f"{beginning}{number}@example.com" for number in (1, 2)]
    for email in emails:
        await own_shop.register(email)

    async def found(text: str) -> list[str]:
        return [user["email"] for user in (await trolley(own_shop, "users", "list", text, "--json")).lines]

    async def are_listed() -> bool:
        return await found(beginning) == emails

    await eventually(are_listed)
    assert await found(emails[1]) == emails[1:]
    nobody = await trolley(own_shop, "users", "list", f"{beginning}-nobody")
    assert f"No account has an address that begins with {beginning}-nobody." in nobody.output


async def test_the_last_administrator_stays_for_the_operator_too(own_shop: Shop) -> None:
    admins = (await trolley(own_shop, "users", "list", "--json")).lines
    emails = [user["email"] for user in admins if user["role"] == "admin" and not user["disabled"]]
    refused = [await trolley(own_shop, "users", "demote", email) for email in emails]
    assert [result.status for result in refused] == [0] * (len(emails) - 1) + [1]
    assert "last" in refused[-1].errors


async def test_call_keeps_the_guest_and_its_cart(own_shop: Shop) -> None:
    listed = await trolley(own_shop, "call", "GET", "/products?limit=1")
    product_id = orjson.loads(listed.output)["items"][0]["id"]
    body = orjson.dumps({"product_id": product_id, "quantity": 2}).decode()
    for expected in (2, 4):
        added = await trolley(own_shop, "call", "POST", "/cart/items", "--as", "guest", "-d", body)
        assert orjson.loads(added.output)["item_count"] == expected
    kept = terminal_of(own_shop).state / "sessions.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700


async def test_call_may_act_as_the_operator_and_ends_with_1_on_an_error(own_shop: Shop) -> None:
    assert (await trolley(own_shop, "call", "GET", "/auth/users", "--as", "admin")).status == 0
    refused = await trolley(own_shop, "call", "GET", "/auth/users", "--as", "guest")
    assert refused.status == 1
    assert "403" in refused.output


async def test_call_signs_in_where_nothing_can_be_kept(own_shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "file").touch()  # no folder can be made in it
    state = {"XDG_STATE_HOME": str(tmp_path / "file")}
    terminal = Terminal(tmp_path, {"TROLLEY_URL": own_shop.stack.base_url, **state})
    result = await terminal.run("call", "GET", "/cart", "--as", "guest")
    assert (result.status, orjson.loads(result.output)["items"]) == (0, [])
    assert len(result.errors.splitlines()) == 1
    assert "cannot be written" in result.errors


async def test_migrate_finds_everything_up_to_date(own_shop: Shop) -> None:
    result = await trolley(own_shop, "migrate")
    assert result.status == 0, result
    for collection in COLLECTIONS:
        assert f"{collection.name}: up to date" in result.output


async def test_seeding_twice_changes_nothing(own_shop: Shop) -> None:
    result = await trolley(own_shop, "seed")
    assert "unchanged" in result.output, result
    assert "created" not in result.output


async def test_an_administrators_account_may_seed_from_anywhere(own_shop: Shop) -> None:
    email, password = f"{new_id()}@example.com", "correct horse battery staple\n"
    arguments = ("users", "create", "--email", email, "--admin", "--password-stdin")
    made = await trolley(own_shop, *arguments, stdin=password)
    assert made.status == 0, made
    sign_in = ("call", "GET", "/auth/me", "--as", email, "--password-stdin")
    signed_in = await trolley(own_shop, *sign_in, stdin=password)
    assert signed_in.status == 0, signed_in
    result = await trolley(own_shop, "seed", "--as", email)
    assert "unchanged" in result.output, result


async def test_without_a_shop_a_command_says_how_to_start_one(own_shop: Shop) -> None:
    result = await trolley(own_shop, "call", "GET", "/products", "--url", "http://127.0.0.1:1")
    assert result.status == 1
    assert f"make -C {terminal_of(own_shop).clone} run" in result.errors
    assert "Traceback" not in result.errors
