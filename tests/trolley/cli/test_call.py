"""How `trolley call` reads what is typed."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from tests.support.terminal import Terminal
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
