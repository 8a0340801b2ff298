"""A long access log of the gateway is moved aside."""

from __future__ import annotations

import os
from pathlib import Path

from trolley.local.gateway import ACCESS_LOG, ACCESS_LOG_BYTES, make_way


def test_a_long_log_makes_way_and_a_short_one_stays(tmp_path: Path) -> None:
    assert not make_way(tmp_path)
    log = tmp_path / ACCESS_LOG
    log.write_text("short")
    assert not make_way(tmp_path)
    assert log.read_text() == "short"
    os.truncate(log, ACCESS_LOG_BYTES + 1)
    assert make_way(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["access.old.log"]
