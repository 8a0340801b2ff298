"""What becomes of the lines of `trolley shell`."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from trolley.cli import app
from trolley.cli.shell import history_in, run_line


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
