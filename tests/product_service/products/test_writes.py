"""Adding, changing and deleting products."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from product_service.products.schemas import ProductPublic
from tests.product_service.catalogues import body
from tests.product_service.editors import PRODUCTS, Editor
from tests.support.tokens import TokenIssuer


async def test_a_product_is_added_and_shown(shop: httpx.AsyncClient, editor: Editor) -> None:
    sent = body(
        description="Flat.\nAnd round.",
        brand="Petit Foyer",
        categories=["Kitchen", "Cookware", "Kitchen"],
        image_url="/images/pan.webp",
        attributes={"diameter_cm": 28.5, "induction": True, "weight_g": 900, "material": "steel"},
    )
    added = await editor.send("POST", json=sent)
    assert added.status_code == 201
    assert added.headers["etag"] == '"1"'
    shown = await shop.get(added.headers["location"])
    assert shown.json() == added.json()
    expected = {
        **sent,
        "categories": ["Kitchen", "Cookware"],
        "currency": "USD",
        "status": "active",
        "version": 1,
    }
    assert shown.json().items() >= expected.items()
    ProductPublic.model_validate_json(shown.content)


async def test_what_is_left_out_has_a_default(editor: Editor) -> None:
    added = await editor.send("POST", json={"sku": body()["sku"], "name": " Pan ", "price": 0})
    defaults = {"name": "Pan", "stock": 0, "brand": "", "categories": [], "image_url": None, "attributes": {}}
    assert added.json().items() >= defaults.items()


async def test_a_sku_is_taken_once_whatever_its_case(editor: Editor) -> None:
    added = await editor.add()
    again = await editor.send("POST", json=body(sku=added["sku"].lower()))
    assert again.status_code == 409
    assert again.json()["type"].endswith("sku-taken")
    assert again.json()["product_id"] == added["id"]


async def test_a_put_replaces_everything_but_the_sku(shop: httpx.AsyncClient, editor: Editor) -> None:
    added = await editor.add(brand="Petit Foyer", attributes={"a": 1})
    replaced = await editor.send(
        "PUT", f"/{added['id']}", version=1, json={"name": "Wok", "price": 5450, "status": "active"}
    )
    assert replaced.status_code == 200
    assert replaced.headers["etag"] == '"2"'
    expected = {"sku": added["sku"], "name": "Wok", "price": 5450, "brand": "", "attributes": {}, "stock": 0}
    assert replaced.json().items() >= {**expected, "version": 2}.items()
    assert (await shop.get(f"{PRODUCTS}/{added['id']}")).json() == replaced.json()


async def test_a_put_that_changes_nothing_makes_no_version(editor: Editor) -> None:
    added = await editor.add()
    same = {name: added[name] for name in ("name", "price", "stock")}
    answer = await editor.send("PUT", f"/{added['id']}", version=1, json=same)
    assert (answer.status_code, answer.json()) == (200, added)


async def test_a_patch_changes_what_it_names(editor: Editor) -> None:
    added = await editor.add(image_url="/a.webp", attributes={"a": 1, "b": 2}, categories=["Kitchen"])
    change = {
        "price": 1,
        "image_url": None,
        "attributes": {"a": None, "c": "x"},
        "categories": ["Pans"],
        "status": "archived",
    }
    media_type = {"Content-Type": "application/merge-patch+json"}
    answer = await editor.send("PATCH", f"/{added['id']}", version=1, json=change, headers=media_type)
    expected = {**added, **change, "attributes": {"b": 2, "c": "x"}, "version": 2}
    assert {**answer.json(), "updated_at": added["updated_at"]} == expected


async def test_a_patch_cannot_make_too_many_attributes(editor: Editor) -> None:
    added = await editor.add(attributes={f"a{number}": number for number in range(50)})
    answer = await editor.send("PATCH", f"/{added['id']}", version=1, json={"attributes": {"new": 1}})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/attributes"


async def test_a_deleted_product_is_gone_and_can_come_back(shop: httpx.AsyncClient, editor: Editor) -> None:
    added = await editor.add()
    path = f"/{added['id']}"
    assert (await editor.send("DELETE", path, version=1)).status_code == 204
    assert (await shop.get(f"{PRODUCTS}{path}")).status_code == 404
    assert (await editor.send("GET", path)).status_code == 404
    assert (await editor.send("DELETE", path, version=2)).status_code == 404
    assert (await editor.send("PATCH", path, version=2, json={"price": 1})).status_code == 404
    back = await editor.send("POST", json=body(sku=added["sku"]))
    assert back.status_code == 201
    assert (back.json()["id"], back.json()["version"]) == (added["id"], 3)


WRITES: list[tuple[str, Any]] = [
    ("PUT", {"name": "Wok", "price": 1}),
    ("PATCH", {"price": 1}),
    ("DELETE", None),
]


@pytest.mark.parametrize(("method", "sent"), WRITES)
async def test_a_change_needs_the_version_it_is_made_of(editor: Editor, method: str, sent: Any) -> None:
    added = await editor.add()
    path = f"/{added['id']}"
    missing = await editor.send(method, path, json=sent)
    assert missing.status_code == 428
    stale = await editor.send(method, path, version=7, json=sent)
    assert stale.status_code == 412
    assert stale.json()["current_version"] == 1
    weak = await editor.send(method, path, json=sent, headers={"If-Match": 'W/"1"'})
    assert weak.status_code == 412
    assert (await editor.send("GET", path)).json() == added
    any_version = await editor.send(method, path, json=sent, headers={"If-Match": "*"})
    assert any_version.is_success


@pytest.mark.parametrize(("method", "sent"), WRITES)
async def test_a_product_that_never_was_cannot_be_changed(editor: Editor, method: str, sent: Any) -> None:
    assert (await editor.send(method, "/p" + 31 * "0", version=1, json=sent)).status_code == 404


@pytest.mark.parametrize(("method", "sent"), [("POST", body()), *WRITES])
async def test_only_editors_change_the_catalogue(
    shop: httpx.AsyncClient, editor: Editor, tokens: TokenIssuer, method: str, sent: Any
) -> None:
    added = await editor.add()
    path = PRODUCTS if method == "POST" else f"{PRODUCTS}/{added['id']}"
    assert (await shop.request(method, path, json=sent)).status_code == 401
    shopper = {"Authorization": tokens.issue(role="customer")}
    assert (await shop.request(method, path, json=sent, headers=shopper)).status_code == 403


@pytest.mark.parametrize(
    "preference",
    ["wait=search", 'wait="search"', "respond-async, Wait=Search; foo", "wait=search,wait=1"],
)
async def test_a_write_waits_for_the_search_when_asked(
    shop: httpx.AsyncClient, editor: Editor, preference: str
) -> None:
    answer = await editor.send("POST", json=body(name="Samovar"), headers={"Prefer": preference})
    assert answer.headers["preference-applied"] == "wait=search"
    found = await shop.get(PRODUCTS, params={"q": "samovar"})
    assert [item["id"] for item in found.json()["items"]] == [answer.json()["id"]]


@pytest.mark.parametrize("preference", [{}, {"Prefer": "return=minimal"}, {"Prefer": "wait=searching"}])
async def test_no_preference_is_claimed_that_was_not_applied(
    editor: Editor, preference: dict[str, str]
) -> None:
    answer = await editor.send("POST", json=body(), headers=preference)
    assert answer.status_code == 201
    assert "preference-applied" not in answer.headers


async def test_every_kind_of_write_can_wait_for_the_search(shop: httpx.AsyncClient, editor: Editor) -> None:
    added = await editor.add(name="Samovar")
    path, wait = f"/{added['id']}", {"Prefer": "wait=search"}
    await editor.send("PATCH", path, version=1, json={"name": "Teapot"}, headers=wait)
    assert (await shop.get(PRODUCTS, params={"q": "teapot"})).json()["total"] == 1
    await editor.send("PUT", path, version=2, json={"name": "Kettle", "price": 1}, headers=wait)
    assert (await shop.get(PRODUCTS, params={"q": "kettle"})).json()["total"] == 1
    gone = await editor.send("DELETE", path, version=3, headers=wait)
    assert gone.headers["preference-applied"] == "wait=search"
    assert (await shop.get(PRODUCTS, params={"q": "kettle"})).json()["total"] == 0
