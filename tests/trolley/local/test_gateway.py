"""What differs between the gateway of compose and that of the local run."""

from __future__ import annotations

import os
from pathlib import Path

from trolley.local.gateway import ACCESS_LOG, ACCESS_LOG_BYTES, ROUTES, bound_access_log, static_configuration


def test_the_local_gateway_is_that_of_compose_at_other_addresses(tmp_path: Path) -> None:
    static = static_configuration(tmp_path, 3000, 3001, ROUTES)
    assert static["entryPoints"]["web"]["address"] == "127.0.0.1:3000"
    assert static["entryPoints"]["internal"]["address"] == "127.0.0.1:3001"
    assert "docker" not in static["providers"]
    assert static["providers"]["file"]["directory"] == str(ROUTES)
    assert static["accessLog"]["fields"]["headers"]["names"]["Authorization"] == "drop"
    assert static["entryPoints"]["web"]["transport"]["respondingTimeouts"]["readTimeout"] == "10m"


def test_a_long_access_log_makes_way_and_a_short_one_stays(tmp_path: Path) -> None:
    bound_access_log(tmp_path)
    log = tmp_path / ACCESS_LOG
    log.write_text("short")
    bound_access_log(tmp_path)
    assert log.read_text() == "short"
    os.truncate(log, ACCESS_LOG_BYTES + 1)
    bound_access_log(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["access.old.log"]
