"""What the docs page shows and does, in a real browser: light and dark, search, sessions, special answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from shared.ids import new_id
from shared.security.identity import Role
from tests.browser.conftest import OpenDocs
from tests.browser.docs_page import DocsPage
from tests.e2e.shops import Shop
from trolley.openapi.operations import ApiOperation
from trolley.operations import operate

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PASSWORD = "correct horse battery staple"
LOW_CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
GROUND = "getComputedStyle(document.documentElement).backgroundColor"
SEARCHES = {
    "set_item_quantity": "set_item_quantity",
    "/auth/.well-known": "get_jwks",
    "RFC 7396": "update_product",
    "REGISTER create": "register",
    "Server-Sent": "get_cart_events",
    "On-Behalf-Of summary": "get_summary",
    "promotións": "create_promotion",
}
"""What is looked for, and an operation that has it: by its id, path, description and headers, in any order
and case, with an accent."""
SPOIL_THE_TOKEN = """() => {
    const kept = JSON.parse(sessionStorage.getItem("docs.session"));
    Object.values(kept)[0].token.access_token += "x";
    sessionStorage.setItem("docs.session", JSON.stringify(kept));
}"""
STORED = "JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage)])"


async def signed_in(docs: DocsPage, shop: Shop, role: Role = Role.CUSTOMER) -> str:
    """The e-mail address of an account that the page is signed in with."""
    email = f"{new_id()}@example.com"
    await operate(shop.stack.environment, lambda it: it.create_user("Ann", email, PASSWORD, role))
    await docs.authorize(email, PASSWORD)
    return email


async def operation_of(docs: DocsPage, id: str) -> ApiOperation:
    return next(operation for operation in await docs.operations() if operation.id == id)


async def test_a_search_finds_the_operations_of_the_cart(open_docs: OpenDocs) -> None:
    docs = await open_docs()
    everything = {operation.path for operation in await docs.operations()}
    await docs.page.locator("#search").fill("cart")
    await expect(docs.page.locator("#found")).to_contain_text("operations found")
    found = await docs.shown_paths()
    assert {path for path in everything if "/cart" in path} <= found < everything


async def test_a_search_looks_at_paths_words_and_ids(open_docs: OpenDocs) -> None:
    docs = await open_docs()
    operations = await docs.operations()
    for phrase, id in SEARCHES.items():
        await docs.page.locator("#search").fill(phrase)
        await expect(docs.block(await operation_of(docs, id)), phrase).to_be_visible()
        assert len(await docs.shown_paths()) < len(operations) / 2, phrase


async def test_a_search_without_a_result_says_so_and_offers_the_way_back(open_docs: OpenDocs) -> None:
    docs = await open_docs()
    await docs.page.locator("#search").fill("zebra")
    await expect(docs.page.get_by_text("Nothing matches “zebra”.")).to_be_visible()
    await docs.page.get_by_role("button", name="Show all operations").click()
    await expect(docs.page.locator(".opblock")).to_have_count(len(await docs.operations()))


async def test_the_keyboard_reaches_search_and_operations(open_docs: OpenDocs) -> None:
    docs = await open_docs()
    keyboard = docs.page.keyboard
    await keyboard.press("/")
    await keyboard.type("get_summary")
    await expect(docs.page.locator(".opblock")).to_have_count(1)
    while await docs.page.evaluate("document.activeElement.className") != "opblock-summary-control":
        await keyboard.press("Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert await docs.page.evaluate(outline) == "solid"
    await keyboard.press("Enter")
    await expect(docs.page.locator(".execute")).to_be_visible()
    await docs.page.locator("#search").focus()
    await keyboard.press("Escape")
    await expect(docs.page.locator(".opblock")).to_have_count(len(await docs.operations()))


async def test_the_scheme_is_the_systems_until_one_is_chosen(open_docs: OpenDocs) -> None:
    light, dark = await open_docs(color_scheme="light"), await open_docs(color_scheme="dark")
    of_light, of_dark = await light.page.evaluate(GROUND), await dark.page.evaluate(GROUND)
    assert of_light != of_dark
    await light.page.get_by_role("button", name="Switch to the dark scheme").click()
    assert await light.page.evaluate(GROUND) == of_dark
    await light.page.reload()
    await expect(light.page.get_by_role("button", name="Switch to the light scheme")).to_be_visible()
    assert await light.page.evaluate(GROUND) == of_dark


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_can_be_told_from_its_ground(open_docs: OpenDocs, shop: Shop, scheme: str) -> None:
    docs = await open_docs(color_scheme=scheme)
    low = {"list": await docs.page.evaluate(LOW_CONTRAST)}
    await docs.page.locator(".btn.authorize").first.click()
    low["dialog"] = await docs.page.evaluate(LOW_CONTRAST)
    await docs.page.get_by_role("button", name="Close").first.click()
    await signed_in(docs, shop)
    for id in ("create_product", "add_item", "get_cart"):
        operation = await operation_of(docs, id)
        await docs.execute(operation)
        block = await docs.unfold(operation)
        await block.locator(".folded-response button").last.click()
        await block.get_by_text("Schema", exact=True).first.click()
        low[id] = await docs.page.evaluate(LOW_CONTRAST)
    await docs.page.locator("#search").fill("zebra")
    low["nothing found"] = await docs.page.evaluate(LOW_CONTRAST)
    assert {where: texts for where, texts in low.items() if texts} == {}


async def test_the_password_is_never_stored_and_a_reload_stays_signed_in(
    open_docs: OpenDocs, shop: Shop
) -> None:
    docs = await open_docs()
    email = await signed_in(docs, shop)
    stored = await docs.page.evaluate(STORED)
    assert PASSWORD not in stored
    assert email in stored
    await docs.open("/docs?service=auth")
    assert (await docs.execute(await operation_of(docs, "get_me"))).status == "200"


async def test_without_a_password_the_page_says_what_it_needs(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    block = await docs.unfold(await operation_of(docs, "login"))
    await block.locator(".execute").click()
    await expect(block.get_by_text("Authorize with e-mail and password, or write the value")).to_be_visible()


async def test_an_expired_token_is_renewed(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    await signed_in(docs, shop)
    await docs.page.evaluate(SPOIL_THE_TOKEN)
    await docs.open()
    assert not await docs.is_signed_in()
    assert (await docs.execute(await operation_of(docs, "get_cart"))).status == "200"
    assert await docs.is_signed_in()


async def test_leaving_signs_the_page_out(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    await signed_in(docs, shop)
    assert (await docs.execute(await operation_of(docs, "logout"))).status == "204"
    await expect(docs.page.locator(".btn.authorize.unlocked")).to_be_visible()


async def test_a_stream_shows_its_first_events(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    await signed_in(docs, shop)
    operation = await operation_of(docs, "get_cart_events")
    assert (await docs.execute(operation)).status == "200"
    block = await docs.unfold(operation)
    await expect(block.locator(".live-responses-table")).to_contain_text("event: cart")


async def test_the_example_of_an_import_is_taken(open_docs: OpenDocs, shop: Shop) -> None:
    docs = await open_docs()
    await signed_in(docs, shop, Role.ADMIN)
    block = await docs.unfold(await operation_of(docs, "import_products"))
    await block.locator(".execute").click()
    await expect(block.locator(".live-responses-table")).to_contain_text('"failed": 0')


@pytest.mark.parametrize("service", ["auth", "products", "cart"])
async def test_each_service_has_its_page(open_docs: OpenDocs, service: str) -> None:
    docs = await open_docs(f"/docs?service={service}")
    assert {"/".join(path.split("/")[:4]) for path in await docs.shown_paths()} == {f"/api/v1/{service}"}
    assert (docs.console_errors, docs.other_hosts) == ([], [])
