"""What a client may not send: an answer that names the value, and nothing written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.product_service.catalogues import body
from tests.product_service.editors import Editor
from tests.support.apps import both_ways

pytestmark = both_ways

BAD_SKUS = ["", "has space", "x" * 65, "ünicode", "-x", 7, None]
BAD: list[tuple[str, Any]] = [
    ("/name", ""),
    ("/name", "   "),
    ("/name", "x" * 201),
    ("/name", "two\nlines"),
    ("/name", "nul\x00"),
    ("/name", ["a"]),
    ("/description", "x" * 10_001),
    ("/description", "bell\x07"),
    ("/brand", "x" * 101),
    ("/brand", None),
    ("/price", -1),
    ("/price", 10**9 + 1),
    ("/price", 10**30),
    ("/price", 1.5),
    ("/price", "100"),
    ("/price", True),
    ("/price", None),
    ("/currency", "EUR"),
    ("/currency", "usd"),
    ("/currency", "US"),
    ("/stock", -1),
    ("/stock", 10**9 + 1),
    ("/stock", 2.5),
    ("/stock", "2"),
    ("/status", "deleted"),
    ("/status", "sold"),
    ("/status", None),
    ("/categories", [f"c{number}" for number in range(21)]),
    ("/categories", "Kitchen"),
    ("/categories/0", [""]),
    ("/categories/1", ["ok", 7]),
    ("/image_url", "javascript:alert(1)"),
    ("/image_url", "ftp://example.com/a.png"),
    ("/image_url", "//example.com/a.png"),
    ("/image_url", "/\\example.com/a.png"),
    ("/image_url", "https://"),
    ("/image_url", "images/a.png"),
    ("/image_url", "https://example.com/" + "x" * 2048),
    ("/attributes", [1]),
    ("/attributes", {f"a{number}": number for number in range(51)}),
    ("/attributes/a", {"a": None}),
    ("/attributes/a", {"a": [1]}),
    ("/attributes/a", {"a": {"b": 1}}),
    ("/attributes/a", {"a": "x" * 501}),
    ("/attributes/a", {"a": "nul\x00"}),
    ("/attributes/a", {"a": 2**53}),
    ("/attributes/a", {"a": 1e300}),
    ("/colour", "red"),
]
SHOWN_ONLY = [("/id", "p1"), ("/version", 1), ("/created_at", "2026-01-01T00:00:00Z")]


async def test_a_bad_value_is_named_and_nothing_is_written(editor: Editor) -> None:
    for pointer, value in [*(("/sku", sku) for sku in BAD_SKUS), *BAD, *SHOWN_ONLY]:
        sent = body(**{pointer.split("/")[1]: value})
        answer = await editor.send("POST", json=sent)
        assert answer.status_code == 422, (pointer, value, answer.text)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer], (pointer, value)
    assert (await editor.send("GET")).json()["items"] == []


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_bad_value_is_named_in_a_change_too(editor: Editor, method: str) -> None:
    added = await editor.add(attributes={"b": 1})
    needed = {"name": "Wok", "price": 1} if method == "PUT" else {}
    for pointer, value in BAD:
        removes = value in (None, {"a": None}) and pointer != "/price"
        if method == "PATCH" and removes:
            continue  # null removes a field or an attribute in a patch
        sent = needed | {pointer.split("/")[1]: value}
        answer = await editor.send(method, f"/{added['id']}", version=1, json=sent)
        assert answer.status_code == 422, (pointer, value, answer.text)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer], (pointer, value)
    assert (await editor.send("GET", f"/{added['id']}")).json() == added


async def test_everything_that_is_wrong_is_named_at_once(editor: Editor) -> None:
    answer = await editor.send("POST", json={"sku": "?", "price": "1", "colour": "red"})
    pointers = {error["pointer"] for error in answer.json()["errors"]}
    assert pointers == {"/sku", "/name", "/price", "/colour"}


NO_PRODUCTS = [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 5000]


async def test_a_body_that_is_no_product_is_refused(editor: Editor, subtests: pytest.Subtests) -> None:
    for sent in NO_PRODUCTS:
        with subtests.test(sent=sent):
            answer = await editor.send("POST", content=sent, headers={"Content-Type": "application/json"})
            assert answer.status_code in (400, 422), answer.text


async def test_a_body_of_another_media_type_is_refused(editor: Editor) -> None:
    answer = await editor.send("POST", content=b"sku=1", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 415


NO_CONDITIONS = ["1", "", '"1', "W/1", "*, *"]


async def test_a_condition_that_is_none_is_refused(editor: Editor, subtests: pytest.Subtests) -> None:
    added = await editor.add()
    for tag in NO_CONDITIONS:
        with subtests.test(tag=tag):
            answer = await editor.send("DELETE", f"/{added['id']}", headers={"If-Match": tag})
            assert answer.status_code == 422
            assert answer.json()["errors"][0]["pointer"] == "header:If-Match"


BAD_QUERIES: list[tuple[str, str, str]] = [
    ("query:limit", "limit", "0"),
    ("query:limit", "limit", "101"),
    ("query:limit", "limit", "x"),
    ("query:q", "q", "x" * 201),
    ("query:brand", "brand", "x" * 101),
    ("query:category", "category", "x" * 101),
    ("query:price_min", "price_min", "-1"),
    ("query:price_min", "price_min", "1.5"),
    ("query:price_max", "price_max", str(10**12)),
    ("query:in_stock", "in_stock", "perhaps"),
    ("query:sort", "sort", "cheapest"),
    ("query:status", "status", "deleted"),
    ("query:cursor", "cursor", "x"),
    ("query:cursor", "cursor", "AAAA" * 10),
    ("query:ids", "ids", ",".join(f"p{number}" for number in range(101))),
]


async def test_a_bad_query_is_named(editor: Editor) -> None:
    for pointer, name, value in BAD_QUERIES:
        answer = await editor.send("GET", params={name: value})
        assert answer.status_code == 422, (pointer, value, answer.text)
        assert [error["pointer"] for error in answer.json()["errors"]] == [pointer], (pointer, value)


async def test_a_range_of_prices_that_is_empty_is_named(editor: Editor) -> None:
    for upwards in ({"price_min": 2, "price_max": 1}, {"price_max": 0, "price_min": 10**9}):
        answer = await editor.send("GET", params=upwards)
        assert answer.status_code == 422, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == ["query:price_min"]
    for good in ({"price_min": 1, "price_max": 1}, {"price_min": 2, "price_max": ""}, {"price_min": 2}):
        assert (await editor.send("GET", params=good)).status_code == 200, good
