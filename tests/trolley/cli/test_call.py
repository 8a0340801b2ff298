"""How `trolley call` reads its arguments."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest
import typer
from fastapi import FastAPI, Response
from starlette.responses import StreamingResponse

from tests.support.apps import serving
from tests.support.terminal import Result, Terminal, interrupt
from trolley.cli.call import body_of, full_path, headers_of


@pytest.mark.parametrize(
    ("typed", "path"),
    [
        ("/cart", "/api/v1/cart"),
        ("cart/items?x=1", "/api/v1/cart/items?x=1"),
        ("/api/v1/cart", "/api/v1/cart"),
        ("/openapi.json", "/openapi.json"),
    ],
)
def test_a_route_may_be_named_in_short(typed: str, path: str) -> None:
    assert full_path(typed) == path


def test_headers_are_read_and_json_is_announced_with_a_body() -> None:
    assert headers_of(['If-Match: "3"'], None) == {"If-Match": '"3"'}
    assert headers_of([], "{}") == {"Content-Type": "application/json"}
    assert headers_of(["Content-Type: application/x-ndjson"], "{}") == {
        "Content-Type": "application/x-ndjson"
    }


def test_a_header_without_a_colon_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="If-Match"):
        headers_of(["nonsense"], None)


def test_a_body_may_come_from_a_file(tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"quantity": 1}')
    assert body_of(f"@{body}") == b'{"quantity": 1}'
    assert body_of('{"quantity": 2}') == b'{"quantity": 2}'
    assert body_of(None) is None


def test_a_body_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match=r"missing\.json: No such file"):
        body_of(f"@{tmp_path / 'missing.json'}")


@pytest.mark.parametrize(
    "setting", [{"GATEWAY_PORT": "abc"}, {"GATEWAY_PORT": "0"}, {"TROLLEY_URL": "http://localhost:abc"}]
)
async def test_an_address_that_is_none_is_a_line(tmp_path: Path, setting: dict[str, str]) -> None:
    result = await Terminal(tmp_path, setting).run("call", "GET", "/cart")
    assert result.status == 1
    assert result.errors.startswith("Error: ")
    assert "Traceback" not in result.errors


LONG = "word " * 100 + "end"


async def endless() -> AsyncIterator[bytes]:
    yield b'event: cart\ndata: {"version":1}\nid: 1\n\n'
    await asyncio.Event().wait()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Terminal]:
    """A terminal whose shop answers a stream, a long line, lines of JSON, and bytes that are not text."""
    app = FastAPI()
    app.add_api_route("/api/v1/stream", lambda: StreamingResponse(endless(), media_type="text/event-stream"))
    app.add_api_route("/api/v1/long", lambda: {"text": LONG, "name": "Caf\u00e9 [bold]"})
    app.add_api_route(
        "/api/v1/lines", lambda: Response('{"a":1}\n{"a":2}\n', media_type="application/x-ndjson")
    )
    app.add_api_route("/api/v1/bytes", lambda: Response(b"\xff\x00", media_type="image/png"))
    app.add_api_route("/api/v1/health", lambda: {"status": "fine"})
    async with serving(app, wait_ready=False) as client:
        yield Terminal(tmp_path, {"TROLLEY_URL": str(client.base_url).rstrip("/")})


async def test_a_stream_is_shown_as_it_comes_until_ctrl_c(shop: Terminal) -> None:
    process = await shop.start("call", "GET", "/stream")
    assert process.stdout is not None
    lines = [await asyncio.wait_for(process.stdout.readline(), 60) for _ in range(4)]
    assert lines == [b"event: cart\n", b'data: {"version":1}\n', b"id: 1\n", b"\n"]
    assert await interrupt(process) == Result(0, "", "")


async def test_what_is_piped_is_whole_and_without_colours(shop: Terminal) -> None:
    result = await shop.run("call", "GET", "/long", FORCE_COLOR="1")
    assert orjson.loads(result.output) == {"text": LONG, "name": "Caf\u00e9 [bold]"}
    assert "Caf\u00e9 [bold]" in result.output
    assert any(line.endswith(f'{LONG}",') for line in result.output.splitlines())
    assert (await shop.run("call", "GET", "/lines")).output == '{"a":1}\n{"a":2}\n'


async def test_bytes_are_piped_as_they_are(shop: Terminal) -> None:
    process = await shop.start("call", "GET", "/bytes")
    output, _ = await process.communicate()
    assert output == b"\xff\x00"


async def test_nothing_is_sent_to_a_stranger_on_the_shop_s_port(shop: Terminal) -> None:
    port = shop.environment["TROLLEY_URL"].rpartition(":")[2]
    result = await shop.run("call", "GET", "/long", "--as", "guest", TROLLEY_URL="", GATEWAY_PORT=port)
    assert result.status == 1
    assert "is not a shop" in result.errors
    assert not shop.state.exists()


async def test_a_route_is_measured(shop: Terminal) -> None:
    result = await shop.run("bench", "GET", "/long", "-c", "2", "--count", "20", "--json")
    (figures,) = result.lines
    assert (result.status, figures["answers"], figures["statuses"]) == (0, 20, {"200": 20})
    assert set(figures["milliseconds"]) >= {"50 %", "99 %"}
    shown = await shop.run("bench", "GET", "/nothing", "--count", "3")
    assert "3 answers" in shown.output
    assert "404" in shown.output
