"""The options and the output of `trolley run`."""

from __future__ import annotations

from pathlib import Path

import pytest

from trolley.cli.run import LinePrinter, parse_scale, summary
from trolley.errors import CommandFailed
from trolley.local.stack import LocalStack


def test_scale_names_services_and_counts() -> None:
    assert parse_scale(["cart=3", "auth=2"]) == {"cart": 3, "auth": 2}


@pytest.mark.parametrize("entry", ["cart", "cart=", "cart=0", "cart=99", "cart=-1", "basket=2", "=3"])
def test_a_scale_that_makes_no_sense_is_refused_with_an_example(entry: str) -> None:
    with pytest.raises(CommandFailed, match=r"as in cart=3"):
        parse_scale([entry])


@pytest.mark.parametrize(("folder", "choice"), [(".data", ""), (".data-2", "--shop 3105 ")])
def test_the_lines_of_the_panel_work_on_the_shop_that_shows_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, choice: str
) -> None:
    """A second shop of the same folder is not the one that a command finds there."""
    monkeypatch.chdir(tmp_path)
    stack = LocalStack(Path(folder), gateway_port=3105, scale={}, environment={}, output=LinePrinter({}))
    panel = str(summary(stack).renderable)
    assert f" {choice}users create --admin\n" in panel
    assert f" {choice}call GET /api/v1/cart --as guest\n" in panel
    assert ("--shop" in panel) is bool(choice)


REQUEST = "12:00:01 cart  POST /api/v1/cart/items  200  9 ms"


@pytest.mark.parametrize(
    ("scale", "process", "line", "shown"),
    [
        ({"cart": 1}, "cart-1", REQUEST, "12:00:01 cart        POST /api/v1/cart/items  200  9 ms"),
        ({"cart": 2}, "cart-2", REQUEST, "12:00:01 cart-2      POST /api/v1/cart/items  200  9 ms"),
        ({"cart": 1}, "cart-1", "Traceback", "         cart        Traceback"),
        ({}, "gateway", "\x1b[31mERR\x1b[0m port", "         gateway     ERR port"),
    ],
)
def test_a_line_has_the_time_who_wrote_it_and_what_happened(
    scale: dict[str, int], process: str, line: str, shown: str
) -> None:
    assert LinePrinter(scale).text_of(process, line).plain == shown


@pytest.mark.parametrize(
    ("line", "stands_out"),
    [
        (REQUEST, False),
        ("12:00:01 cart  GET /api/v1/cart  503  9 ms", True),
        ("12:00:01 cart  warning: NATS is away  setting=NATS_URL", True),
    ],
)
def test_what_needs_attention_stands_out(line: str, stands_out: bool) -> None:
    spans = LinePrinter({"cart": 1}).text_of("cart-1", line).spans
    assert any(span.style == "red" for span in spans) is stands_out
