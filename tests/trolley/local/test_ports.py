"""Ports of the local run."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from trolley.errors import LocalRunFailed
from trolley.local.ports import free_port, require_free

SOME, OTHERS = range(32_100, 32_350), range(32_350, 32_420)


def test_a_free_port_can_be_used() -> None:
    require_free(free_port(), "GATEWAY_PORT")


def test_a_free_port_is_never_taken_by_an_outgoing_connection() -> None:
    assert max(free_port() for _ in range(50)) < 32_768


def test_no_two_draws_give_the_same_free_port() -> None:
    drawn = [free_port(SOME) for _ in range(100)]  # of 250: by chance alone many would be the same
    assert len(set(drawn)) == len(drawn)


def test_no_other_process_is_given_the_same_port() -> None:
    drawn = {free_port(OTHERS) for _ in range(20)}
    command = f"from trolley.local.ports import free_port; print(*(free_port({OTHERS}) for _ in range(20)))"
    process = subprocess.run([sys.executable, "-c", command], capture_output=True, check=True, text=True)
    assert drawn.isdisjoint(map(int, process.stdout.split()))


def test_ports_never_run_out() -> None:
    assert all(free_port() for _ in range(15_000))


def test_a_busy_port_is_named_with_the_setting_that_changes_it() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(
            LocalRunFailed, match=rf"Port {port} cannot be used .*`GATEWAY_PORT=\d+ make"
        ) as raised:
            require_free(port, "GATEWAY_PORT")
    suggested = int(str(raised.value).partition("GATEWAY_PORT=")[2].partition(" ")[0])
    assert port < suggested < 65_536
    require_free(suggested, "GATEWAY_PORT")
