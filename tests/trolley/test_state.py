"""The user's state between commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from trolley.state import private_folder, state_folder, write_private


def test_the_state_folder_is_that_of_the_xdg_specification(tmp_path: Path) -> None:
    assert state_folder({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path / "trolley"
    default = state_folder({})
    assert default.is_absolute()
    assert state_folder({"XDG_STATE_HOME": "relative"}) == state_folder({"XDG_STATE_HOME": ""}) == default


def test_a_private_file_replaces_an_open_one_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sessions.json"
    path.write_text("old")
    path.chmod(0o644)
    with path.open() as reader:
        write_private(path, b"new")
        assert reader.read() == "old"
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_an_open_folder_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "trolley").mkdir(mode=0o755)
    assert private_folder(tmp_path / "trolley").stat().st_mode & 0o777 == 0o700


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "inside").touch()
    with pytest.raises(OSError, match="kept"):
        write_private(tmp_path / "kept", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
