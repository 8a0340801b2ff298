"""Imports that are compressed, or begin with a byte order mark."""

from __future__ import annotations

import gzip

import httpx
import pytest

from product_service.main import create_app
from tests.product_service.catalogues import body, ndjson
from tests.product_service.conftest import MakeSettings
from tests.product_service.editors import Editor
from tests.product_service.imports.test_routes import NDJSON, counts
from tests.support.apps import running
from tests.support.tokens import TokenIssuer


async def test_an_import_may_be_compressed(shop: httpx.AsyncClient, editor: Editor) -> None:
    lines = ndjson(body(sku=f"M-{number}") for number in range(300))
    headers = {**NDJSON, "Content-Encoding": "gzip"}
    half = len(lines) // 2
    packed = gzip.compress(lines[:half]) + gzip.compress(lines[half:])
    answer = await editor.send("POST", "/import", content=packed, headers=headers)
    assert (answer.status_code, counts(answer.json())) == (200, (300, 0, 0, 0))


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "zstd"])
async def test_an_import_in_another_coding_is_refused(editor: Editor, coding: str) -> None:
    headers = {**NDJSON, "Content-Encoding": coding}
    answer = await editor.send("POST", "/import", content=ndjson([body()]), headers=headers)
    assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "gzip")
    assert (await editor.send("GET")).json()["total"] == 0


async def test_an_import_that_breaks_off_says_what_it_took(editor: Editor) -> None:
    lines = ndjson(body(sku=f"M-{number}") for number in range(300))
    headers = {**NDJSON, "Content-Encoding": "gzip"}
    answer = await editor.send("POST", "/import", content=gzip.compress(lines)[:-9], headers=headers)
    assert answer.status_code == 400
    assert answer.json()["report"]["failed"] == 0
    assert answer.json()["report"]["created"] >= 200


async def test_an_import_in_gzip_has_the_limit_of_what_it_inflates_to(
    product_settings: MakeSettings, tokens: TokenIssuer
) -> None:
    settings = product_settings(products_import_total_bytes=1_000_000)
    async with running(create_app(settings)) as shop:
        editor = Editor(shop, tokens.issue(role="admin"))
        headers = {**NDJSON, "Content-Encoding": "gzip"}
        bomb = gzip.compress(b"\n" * 50_000_000)
        answer = await editor.send("POST", "/import", content=bomb, headers=headers)
        assert answer.status_code == 413


async def test_a_byte_order_mark_before_the_first_line_is_skipped(editor: Editor) -> None:
    lines = ndjson(body() for _ in range(2)).replace(b"\n", b"\r\n")
    for content in (b"\xef\xbb\xbf" + lines, b"\xef\xbb\xbf\r\n" + lines):
        headers = {**NDJSON, "Prefer": "wait=search"}
        answer = await editor.send("POST", "/import", content=content, headers=headers)
        assert answer.json()["failed"] == 0
    assert (await editor.send("GET")).json()["total"] == 2
