"""One local run for each folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trolley.errors import LocalRunFailed
from trolley.local.lock import sole_run


def test_a_second_run_hears_of_the_first(tmp_path: Path) -> None:
    data = tmp_path / ".data"
    message = (
        rf"{data} already runs \(process {os.getpid()}\).*`make .*run ARGS=\"--data \.data-2 --port 3001\"`"
    )
    with sole_run(data), sole_run(tmp_path / "other"), pytest.raises(LocalRunFailed, match=message):
        sole_run(data).__enter__()
    with sole_run(data):
        pass
