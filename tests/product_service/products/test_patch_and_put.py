"""Merge patches, what a PUT may send back, and the tags of both."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.product_service.catalogues import body
from tests.product_service.editors import PRODUCTS, Editor


async def test_null_in_a_patch_gives_a_field_its_default(editor: Editor) -> None:
    full = {"brand": "B", "description": "D", "categories": ["C"], "image_url": "/i", "attributes": {"a": 1}}
    added = await editor.add(**full, stock=3, status="draft")
    nothing = dict.fromkeys([*full, "stock", "status", "currency"])
    answer = await editor.send("PATCH", f"/{added['id']}", version=1, json=nothing)
    new = (await editor.send("POST", json={"sku": body()["sku"], "name": "Pan", "price": 1})).json()
    assert {name: answer.json()[name] for name in nothing} == {name: new[name] for name in nothing}


@pytest.mark.parametrize("field", ["name", "price"])
async def test_a_field_without_default_cannot_be_removed(editor: Editor, field: str) -> None:
    added = await editor.add()
    answer = await editor.send("PATCH", f"/{added['id']}", version=1, json={field: None})
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]


async def test_an_empty_patch_changes_nothing(editor: Editor) -> None:
    added = await editor.add()
    assert (await editor.send("PATCH", f"/{added['id']}", version=1, json={})).json() == added


@pytest.mark.parametrize("media_type", ["application/json-patch+json", "text/plain", "application/a+json"])
async def test_a_patch_of_another_kind_is_refused(editor: Editor, media_type: str) -> None:
    added = await editor.add()
    headers = {"Content-Type": media_type}
    answer = await editor.send("PATCH", f"/{added['id']}", version=1, content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert answer.headers["accept-patch"] == "application/merge-patch+json, application/json"


async def test_what_was_read_can_be_put_back(shop: httpx.AsyncClient, editor: Editor) -> None:
    added = await editor.add(brand="Petit Foyer", attributes={"a": 1}, image_url="/i.webp")
    path = f"/{added['id']}"
    same = await editor.send("PUT", path, version=1, json=added)
    assert (same.status_code, same.json()) == (200, added)
    changed = await editor.send("PUT", path, version=1, json={**added, "price": 7})
    assert (changed.status_code, changed.json()["price"], changed.json()["version"]) == (200, 7, 2)
    other_form = added["created_at"].replace("Z", "+00:00")
    sent = {**changed.json(), "created_at": other_form, "version": 2.0}
    assert (await editor.send("PUT", path, version=2, json=sent)).json() == changed.json()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "p1"),
        ("sku", "OTHER-1"),
        ("created_at", "2026-01-01T00:00:00.000Z"),
        ("updated_at", "2026-01-01T00:00:00.000Z"),
        ("version", 7),
    ],
)
async def test_a_put_cannot_change_what_is_read_only(editor: Editor, field: str, value: Any) -> None:
    added = await editor.add()
    for condition in ('"1"', "*"):
        sent = {**added, "price": 7, field: value}
        answer = await editor.send("PUT", f"/{added['id']}", json=sent, headers={"If-Match": condition})
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]
    assert (await editor.send("GET", f"/{added['id']}")).json() == added


async def test_a_whole_number_may_have_a_point(editor: Editor) -> None:
    added = await editor.add(price=1299.0, stock=2.0)
    assert (added["price"], added["stock"]) == (1299, 2)


async def test_a_client_that_accepts_gzip_can_use_the_tag_it_reads(
    shop: httpx.AsyncClient, editor: Editor
) -> None:
    added = await editor.add()
    address = f"{PRODUCTS}/{added['id']}"
    plain = (await shop.get(address)).headers["etag"]
    coded = (await shop.get(address, headers={"Accept-Encoding": "gzip, br"})).headers["etag"]
    assert (plain, coded) == ('"1"', '"1-gzip"')
    for tag in (plain, coded, f"W/{coded}", f'"other", {coded}'):
        assert (await shop.get(address, headers={"If-None-Match": tag})).status_code == 304
    headers = {"If-Match": coded, "Accept-Encoding": "gzip"}
    changed = await editor.send("PATCH", f"/{added['id']}", json={"price": 7}, headers=headers)
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2-gzip"')
