"""Completion at the prompt, and what becomes of its lines."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from trolley.cli import app
from trolley.cli.shell import CommandCompleter, Described, history_in, routes_of, run_line

OPENAPI = {
    "paths": {
        "/api/v1/cart/items": {"post": {"summary": "Add to the cart"}, "parameters": []},
        "/api/v1/products": {"get": {"summary": "List products"}, "post": {}},
    }
}
ROOT = Described(
    ("--help",),
    {
        "call": Described(("--as", "--data", "--help"), {}),
        "users": Described(("--help",), {"create": Described(("--admin", "--help"), {})}),
    },
)


@pytest.fixture
def completer() -> CommandCompleter:
    return CommandCompleter(ROOT, routes_of(OPENAPI))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", ["call", "users"]),
        ("ca", ["call"]),
        ("users ", ["create", "--help"]),
        ("users create --a", ["--admin"]),
        ("call P", ["POST", "PUT", "PATCH"]),
        ("call post /", ["/api/v1/cart/items", "/api/v1/products"]),
        ("call GET /api", ["/api/v1/products"]),
        ("call GET /pro", ["/api/v1/products"]),
        ("call GET /api/v1/products --", ["--as", "--data", "--help"]),
        ("nonsense", []),
    ],
)
def test_it_offers_what_can_follow(completer: CommandCompleter, typed: str, offered: list[str]) -> None:
    found = completer.get_completions(Document(typed), CompleteEvent())
    assert [completion.text for completion in found] == offered


def test_a_route_is_offered_with_its_summary(completer: CommandCompleter) -> None:
    found = list(completer.get_completions(Document("call POST /api/v1/cart"), CompleteEvent()))
    assert [completion.display_meta_text for completion in found] == ["Add to the cart"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("call POST /cart/items -d @missing", "missing: No such file"),
        ("call GET '/cart", "No closing quotation"),
        ("nonsense", "No such command"),
    ],
)
def test_a_line_that_fails_is_told_and_the_shell_goes_on(
    capfd: pytest.CaptureFixture[str], line: str, told: str
) -> None:
    run_line(typer.main.get_command(app), line)
    assert told in " ".join(capfd.readouterr().err.split())


def test_a_line_that_breaks_a_command_does_not_end_the_shell(capfd: pytest.CaptureFixture[str]) -> None:
    broken = typer.Typer()

    @broken.command()
    def divide(by: int) -> None:
        print(1 / by)

    run_line(typer.main.get_command(broken), "0")
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_the_history_is_kept_where_the_folder_can_be_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    history_in(tmp_path / ".data").append_string("nodes")
    assert list(history_in(tmp_path / ".data").load_history_strings()) == ["nodes"]
    (tmp_path / "file").touch()
    history_in(tmp_path / "file").append_string("nodes")
    assert "cannot be written" in capfd.readouterr().err
