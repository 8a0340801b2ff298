"""The account that the docs page acts for: what it remembers of it, and what it says when it knows none."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, ViewportSize, expect

from shared.ids import new_id
from shared.security.identity import Role
from tests.browser.conftest import OpenDocs
from tests.browser.docs_page import DocsPage
from tests.browser.test_docs_page import PASSWORD, SPOIL_THE_TOKEN, STORED, operation_of, signed_in
from tests.e2e.shops import Shop
from tests.support.mails import MailsInFolder

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NEW_PASSWORD = "staple horse battery correct"
PHONE = ViewportSize(width=390, height=844)
CUT_OFF = "(box) => box.scrollHeight > box.clientHeight + 1"


def mails(shop: Shop) -> MailsInFolder:
    return MailsInFolder(shop.stack.directory / "mail")


async def send(docs: DocsPage, id: str, **members: str) -> str:
    return await docs.send(await operation_of(docs, id), **members)


async def status(docs: DocsPage, id: str, **members: str) -> str:
    """Of the answer; all of its text where it is none of the shop's."""
    answer = await send(docs, id, **members)
    found = re.match(r"\d{3}\b", answer)
    return found[0] if found else answer


async def body_of(docs: DocsPage, id: str) -> Locator:
    return (await docs.unfold(await operation_of(docs, id))).locator("textarea")


async def test_a_new_password_is_the_one_that_the_page_fills_in(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    await signed_in(docs, shop)
    assert await status(docs, "change_password", new_password=NEW_PASSWORD) == "204"
    assert NEW_PASSWORD not in await docs.page.evaluate(STORED)
    ids = ("end_session", "login", "create_token", "delete_me")
    assert [await status(docs, id) for id in ids] == ["204", "200", "200", "204"]


async def test_after_a_reload_a_new_password_is_enough(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    await signed_in(docs, shop)
    await docs.open()
    changed = await status(docs, "change_password", current_password=PASSWORD, new_password=NEW_PASSWORD)
    assert changed == "204"
    assert [await status(docs, id) for id in ("end_session", "login")] == ["204", "200"]


async def test_a_password_that_the_page_did_not_see_change_is_called_out_of_date(
    open_docs: OpenDocs, shop: Shop
) -> None:
    docs = await open_docs()
    await signed_in(docs, shop)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    headers = {"Authorization": f"Bearer {await docs.access_token()}"}
    (await shop.client.post("/api/v1/auth/password", json=change, headers=headers)).raise_for_status()
    assert "The page's password is out of date. Authorize again." in await send(docs, "end_session")


async def test_a_look_up_renews_an_expired_token(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    await shop.login(await signed_in(docs, shop), PASSWORD)
    await docs.page.evaluate(SPOIL_THE_TOKEN)
    await docs.open()
    assert await status(docs, "end_session") == "204"
    assert await docs.is_signed_in()


async def test_a_new_address_is_the_one_that_the_page_fills_in(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    await signed_in(docs, shop)
    address = f"{new_id()}@example.com"
    assert await status(docs, "change_email", email=address) == "202"
    code = await mails(shop).code(address, "")
    assert await status(docs, "confirm_email", code=code) == "200"
    assert [await status(docs, id) for id in ("login", "end_session")] == ["200", "204"]
    assert address in await docs.page.evaluate(STORED)


async def test_a_reset_password_is_the_one_that_the_page_fills_in(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    email = await signed_in(docs, shop)
    assert await status(docs, "create_code") == "202"
    code = await mails(shop).code(email, "")
    assert await status(docs, "use_code", code=code, new_password=NEW_PASSWORD) == "200"
    assert NEW_PASSWORD not in await docs.page.evaluate(STORED)
    assert [await status(docs, id) for id in ("get_me", "login", "end_session")] == ["200", "200", "204"]


async def test_the_account_that_was_just_registered_signs_in(open_docs: OpenDocs) -> None:
    docs = await open_docs()
    ids = ("register", "login", "create_token", "create_code")
    assert [await status(docs, id) for id in ids] == ["201", "200", "200", "202"]


async def test_who_registers_another_account_keeps_the_own(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    email = await signed_in(docs, shop)
    assert await status(docs, "register") == "201"
    assert email in await send(docs, "login")


async def test_who_leaves_is_forgotten(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    await signed_in(docs, shop)
    await docs.page.locator(".btn.authorize").first.click()
    dialog = docs.page.locator(".modal-ux")
    await dialog.get_by_role("button", name="Remove authorization").click()
    await dialog.get_by_role("button", name="Close").first.click()
    assert "The page does not know {{email}}" in await send(docs, "login")


async def test_a_code_without_its_request_says_which_operation_comes_first(
    open_docs: OpenDocs, shop: Shop
) -> None:
    docs = await open_docs()
    await signed_in(docs, shop)
    assert "Execute create_code first" in await send(docs, "use_code")
    assert "Execute change_email first" in await send(docs, "confirm_email")


async def test_an_id_that_only_administrators_list_says_so(open_docs: OpenDocs) -> None:
    docs = await open_docs()
    assert "Only an administrator can list accounts. Authorize as one" in await send(docs, "get_user")


@pytest.mark.parametrize("window", [PHONE, None], ids=["phone", "desk"])
async def test_a_body_is_not_cut_off(open_docs: OpenDocs, window: ViewportSize | None) -> None:
    docs = await open_docs(**({"viewport": window} if window else {}))
    cut_off = []
    for id in ("register", "use_code", "create_product", "create_promotion", "import_products"):
        box = await body_of(docs, id)
        if await box.evaluate(CUT_OFF):
            cut_off.append((id, await box.evaluate("(box) => [box.scrollHeight, box.clientHeight]")))
    assert cut_off == []


async def test_a_long_body_does_not_fill_the_page(open_docs: OpenDocs) -> None:
    docs = await open_docs()
    box = await body_of(docs, "register")
    await box.fill("\n" * 1_000)
    assert await box.evaluate("(box) => box.clientHeight < window.innerHeight")


async def test_an_administrator_touches_no_account_of_somebody(open_docs: OpenDocs, shop: Shop) -> None:
    await shop.register()
    users = (await (await shop.admin()).get("/auth/users?limit=100"))["items"]
    docs = await open_docs()
    await signed_in(docs, shop, Role.ADMIN)
    sent: list[str] = []
    docs.page.on("request", lambda it: it.method == "GET" or sent.append(f"{it.url} {it.post_data}"))
    assert [await status(docs, id) for id in ("update_user", "send_user_reset")] == ["200", "204"]
    await send(docs, "add_promotion_use")
    assert len(sent) >= 3
    assert [(user["id"], it) for user in users for it in sent if user["id"] in it] == []


async def test_the_session_belongs_to_the_account_that_was_written(open_docs: OpenDocs, shop: Shop) -> None:
    customer = await shop.register()
    docs = await open_docs()
    await signed_in(docs, shop, Role.ADMIN)
    block = await docs.unfold(await operation_of(docs, "end_user_session"))
    await block.locator('[data-param-name="user_id"] input').fill((await customer.get("/auth/me"))["id"])
    await block.locator(".execute").click()
    await expect(block.locator(".live-responses-table tbody").first).to_contain_text("204")
    assert (await customer.call("GET", "/auth/me")).status_code == 401
