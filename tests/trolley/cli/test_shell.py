"""How `trolley shell` runs its lines."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from trolley.cli import app
from trolley.cli.shell import history_in, run_line, typed


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("call GET /cart", ["call", "GET", "/cart"]),
        ("trolley nodes", ["nodes"]),
        (".venv/bin/trolley call GET /cart --as guest", ["call", "GET", "/cart", "--as", "guest"]),
        ("docker compose run --rm operator keys rotate", ["keys", "rotate"]),
        ("docker compose exec auth python -m trolley keys rotate", ["keys", "rotate"]),
        ("help", ["--help"]),
        ("?", ["--help"]),
        ("help users create", ["users", "create", "--help"]),
        ("trolley", []),
        ("", []),
    ],
)
def test_a_line_is_taken_as_it_is_typed_or_pasted(line: str, words: list[str]) -> None:
    assert typed(line.split()) == words


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("call POST /cart/items -d @missing", "missing: No such file"),
        ("call GET '/cart", "No closing quotation"),
        ("nonsense", "No such command"),
    ],
)
def test_a_line_that_fails_is_told_and_the_shell_goes_on(
    capfd: pytest.CaptureFixture[str], line: str, expected: str
) -> None:
    run_line(typer.main.get_command(app), line)
    assert expected in " ".join(capfd.readouterr().err.split())


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
    history_in(tmp_path / "state").append_string("nodes")
    assert list(history_in(tmp_path / "state").load_history_strings()) == ["nodes"]
    assert (tmp_path / "state" / "shell_history").stat().st_mode & 0o777 == 0o600
    (tmp_path / "file").touch()
    history_in(tmp_path / "file").append_string("nodes")
    assert "cannot be written" in capfd.readouterr().err
