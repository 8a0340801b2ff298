"""Taking a whole catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from product_service.imports.schemas import ImportResult
from product_service.imports.stream import MOST_LINES
from product_service.main import create_app
from tests.product_service.catalogues import body, ndjson
from tests.product_service.conftest import MakeSettings
from tests.product_service.editors import PRODUCTS, Editor
from tests.support.apps import running, serving
from tests.support.tokens import TokenIssuer
from tests.support.waiting import eventually

NDJSON = {"Content-Type": "application/x-ndjson"}


def counts(report: dict[str, Any]) -> tuple[int, int, int, int]:
    return (report["created"], report["updated"], report["unchanged"], report["failed"])


async def test_lines_create_replace_and_leave_products(shop: httpx.AsyncClient, editor: Editor) -> None:
    old, same, gone = [await editor.add(description="Old.") for _ in range(3)]
    await editor.send("DELETE", f"/{gone['id']}", version=1)
    lines = [
        body(sku=old["sku"].lower(), name="New"),
        body(sku=same["sku"], description="Old."),
        body(sku=gone["sku"]),
        body(),
    ]
    answer = await editor.load(lines)
    assert answer.status_code == 200
    assert answer.headers["preference-applied"] == "wait=search"
    assert counts(answer.json()) == (2, 1, 1, 0)
    ImportResult.model_validate_json(answer.content)
    ids = {"ids": ",".join(each["id"] for each in (old, same, gone))}
    shown = (await shop.get(PRODUCTS, params=ids)).json()["items"]
    assert [(item["sku"], item["version"]) for item in shown] == [
        (old["sku"], 2),
        (same["sku"], 1),
        (gone["sku"], 3),
    ]
    assert (shown[0]["name"], shown[0]["description"]) == ("New", "")
    assert (await shop.get(PRODUCTS)).json()["total"] == 4


async def test_bad_lines_are_named_and_stop_nothing(shop: httpx.AsyncClient, editor: Editor) -> None:
    lines: list[Any] = [body(sku=f"M-{number}") for number in range(92)]
    lines[3] = body(sku="M-3", price="12")
    lines[10] = b"{not json"
    lines[20] = b""
    lines[30] = b"[1]"
    lines[40] = body(sku="M-40", currency="EUR")
    lines[50] = {"sku": "M-50", "colour": "red"}
    lines[60] = b"\xff\xfe"
    lines[91] = body(sku="?" * 100)
    answer = await editor.load(lines)
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert counts(report) == (84, 0, 0, 7)
    ImportResult.model_validate_json(answer.content)
    found = {
        error["line"]: (error.get("sku"), sorted(each["pointer"] for each in error["errors"]))
        for error in report["errors"]
    }
    assert found == {
        4: ("M-3", ["/price"]),
        11: (None, [""]),
        31: (None, [""]),
        41: ("M-40", ["/currency"]),
        51: ("M-50", ["/colour", "/name", "/price"]),
        61: (None, [""]),
        92: ("?" * 64, ["/sku"]),
    }
    assert (await shop.get(PRODUCTS)).json()["total"] == 84


async def test_a_line_that_can_be_read_in_two_ways_is_a_bad_line(editor: Editor) -> None:
    lines = [
        b'{"sku": "M-1", "name": "Mug", "price": 100, "price": 200}',
        b'{"sku": "M-2", "name": "Mug", "price": 1e-400}',
        b'{"sku": "M-3", "name": "Mug: blue", "price": 1e2}',
    ]
    report = (await editor.load(lines)).json()
    assert counts(report) == (1, 0, 0, 2)
    messages = [error["errors"][0]["message"] for error in report["errors"]]
    assert '"price" twice' in messages[0]
    assert "1e-400" in messages[1]


async def test_two_thousand_lines_stream_in_and_a_second_time_change_nothing(editor: Editor) -> None:
    lines = [body(sku=f"M-{number}", name=f"Mug {number}", price=number) for number in range(2000)]
    assert counts((await editor.load(lines)).json()) == (2000, 0, 0, 0)
    assert counts((await editor.load(lines)).json()) == (0, 0, 2000, 0)
    listed = await editor.send("GET", params={"q": "mug 1234"})
    assert [(item["sku"], item["price"], item["version"]) for item in listed.json()["items"]] == [
        ("M-1234", 1234, 1)
    ]


async def test_the_last_of_several_lines_of_one_sku_counts(shop: httpx.AsyncClient, editor: Editor) -> None:
    report = (await editor.load(body(sku="M-1", price=number) for number in range(10))).json()
    assert counts(report) == (1, 9, 0, 0)
    item = (await shop.get(PRODUCTS)).json()["items"][0]
    assert (item["price"], item["version"]) == (9, 10)


async def test_errors_are_listed_up_to_a_bound(editor: Editor) -> None:
    report = (await editor.load([b"{}"] * 150)).json()
    assert (report["failed"], len(report["errors"]), report["errors_left_out"]) == (150, 100, 50)
    many_fields = {f"f{number}": 1 for number in range(1000)}
    report = (await editor.load([many_fields])).json()
    assert 0 < len(report["errors"][0]["errors"]) <= 20


@pytest.mark.parametrize("content", [b"", b"\n\n", b" \r\n\t\n"])
async def test_an_import_of_nothing_is_fine(editor: Editor, content: bytes) -> None:
    answer = await editor.send("POST", "/import", content=content, headers=NDJSON)
    assert (answer.status_code, counts(answer.json())) == (200, (0, 0, 0, 0))


async def test_line_ends_may_be_of_any_kind_and_the_last_one_missing(editor: Editor) -> None:
    lines = ndjson([body(), body()]).replace(b"\n", b"\r\n").rstrip()
    answer = await editor.send("POST", "/import", content=lines, headers=NDJSON)
    assert counts(answer.json()) == (2, 0, 0, 0)


async def test_lines_arrive_in_pieces(editor: Editor) -> None:
    content = ndjson(body(description="é" * number) for number in range(30))

    async def pieces() -> AsyncIterator[bytes]:
        for begin in range(0, len(content), 7):
            yield content[begin : begin + 7]

    answer = await editor.send("POST", "/import", content=pieces(), headers=NDJSON)
    assert counts(answer.json()) == (30, 0, 0, 0)


async def test_a_line_that_is_too_long_is_left_out(
    product_settings: MakeSettings, tokens: TokenIssuer
) -> None:
    settings = product_settings(products_import_line_bytes=1024)
    async with running(create_app(settings)) as shop:
        editor = Editor(shop, tokens.issue(role="admin"))
        report = (await editor.load([body(), body(description="x" * 1024), body()])).json()
        assert counts(report) == (2, 0, 0, 1)
        assert report["errors"][0]["line"] == 2


async def test_an_import_of_too_many_lines_says_what_it_took(editor: Editor) -> None:
    lines = ndjson([body(sku="FIRST")]) + b"\n" * MOST_LINES
    answer = await editor.send("POST", "/import", content=lines, headers=NDJSON)
    assert answer.status_code == 413
    assert counts(answer.json()["report"]) == (1, 0, 0, 0)
    assert str(MOST_LINES) in answer.json()["detail"]


async def test_an_import_that_is_too_large_says_what_it_took(
    product_settings: MakeSettings, tokens: TokenIssuer
) -> None:
    settings = product_settings(products_import_total_bytes=100_000)
    lines = [body(sku=f"M-{number}", description="x" * 400) for number in range(300)]

    async def pieces() -> AsyncIterator[bytes]:
        for line in lines:
            yield ndjson([line])

    async with running(create_app(settings)) as shop:
        editor = Editor(shop, tokens.issue(role="admin"))
        answer = await editor.send("POST", "/import", content=pieces(), headers=NDJSON)
        assert answer.status_code == 413
        assert counts(answer.json()["report"]) == (200, 0, 0, 0)
        await editor.add(sku="LAST")
        assert (await shop.get(PRODUCTS)).json()["total"] == 201


async def test_only_editors_import(shop: httpx.AsyncClient, tokens: TokenIssuer) -> None:
    line = ndjson([body()])
    assert (await shop.post(f"{PRODUCTS}/import", content=line, headers=NDJSON)).status_code == 401
    shopper = {**NDJSON, "Authorization": tokens.issue()}
    assert (await shop.post(f"{PRODUCTS}/import", content=line, headers=shopper)).status_code == 403


@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
async def test_an_import_is_ndjson(editor: Editor, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    answer = await editor.send("POST", "/import", content=ndjson([body()]), headers=headers)
    assert answer.status_code == 415


async def test_who_hangs_up_leaves_whole_products_only(
    product_settings: MakeSettings, tokens: TokenIssuer
) -> None:
    """The connection ends in the middle of a line: what came in whole chunks before it is there, whole."""
    lines = [body(sku=f"M-{number}", price=number, description="x" * 200) for number in range(500)]
    content = ndjson(lines)

    async with serving(create_app(product_settings())) as shop:
        editor = Editor(shop, tokens.issue(role="admin"))
        reader, writer = await asyncio.open_connection(shop.base_url.host, shop.base_url.port)
        head = (
            f"POST {PRODUCTS}/import HTTP/1.1\r\nHost: shop\r\nAuthorization: {editor.authorization}\r\n"
            f"Content-Type: application/x-ndjson\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content[: len(content) * 9 // 10])
        await writer.drain()
        await eventually_added(editor, 200)
        writer.close()
        await writer.wait_closed()
        assert not reader.at_eof() or await reader.read() == b""
        report = (await editor.load(lines)).json()
        assert report["created"] + report["unchanged"] == 500
        assert report["unchanged"] >= 200
        assert report["updated"] == 0


async def eventually_added(editor: Editor, number: int) -> None:
    async def there() -> bool:
        total: int = (await editor.send("GET")).json()["total"]
        return total >= number

    await eventually(there)
