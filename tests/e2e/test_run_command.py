"""`trolley run` as it is run: in a process of its own, ended by a signal."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.e2e.shops import bare_environment
from tests.support.terminal import ROOT, Terminal
from tests.support.waiting import eventually
from trolley.local.ports import free_port

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for what is left in /proc"),
]

READY = b"The shop is open"


@asynccontextmanager
async def command(
    *arguments: str, state: Path = Path("/nonexistent")
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "trolley",
        *arguments,
        env={
            **bare_environment(),
            "SQLITE_DIRECTORY": "",  # as when it is left empty in .env
            "XDG_STATE_HOME": str(state),
        },
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def read_until(process: asyncio.subprocess.Process, words: bytes) -> bytes:
    """What it writes until then. Fails when it ends before."""
    assert process.stdout is not None
    text = b""
    async with asyncio.timeout(60):
        while words not in text:
            line = await process.stdout.readline()
            assert line, text.decode()
            text += line
    return text


def processes_using(directory: Path) -> list[int]:
    """Every process that was started with that folder in its environment or command."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            about = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except (OSError, ValueError):
            continue
        if str(directory).encode() in about and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def run_arguments(directory: Path) -> list[str]:
    return ["run", "--data", str(directory), "--port", str(free_port())]


async def test_a_second_run_keeps_the_data_and_a_signal_ends_everything(tmp_path: Path) -> None:
    for loaded in (b"created", b"has products already"):
        async with command(*run_arguments(tmp_path)) as process:
            assert loaded in await read_until(process, READY)
            assert len(processes_using(tmp_path)) > 5
            async with command(*run_arguments(tmp_path)) as second:
                text, _ = await second.communicate()
            assert second.returncode == 1
            assert f"already runs (process {process.pid})".encode() in text
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 60) == 0
        assert processes_using(tmp_path) == []
    assert list((tmp_path / "store").glob("carts*"))


async def test_nothing_is_left_when_it_is_killed(tmp_path: Path) -> None:
    async with command(*run_arguments(tmp_path), "--no-seed") as process:
        await read_until(process, READY)
        process.kill()
    await eventually(lambda: not processes_using(tmp_path))


async def test_a_busy_port_is_named_with_the_setting_that_changes_it(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        async with command("run", "--data", str(tmp_path), "--port", str(port)) as process:
            text, _ = await process.communicate()
    assert process.returncode == 1
    assert f"Port {port} cannot be used".encode() in text
    assert b"GATEWAY_PORT" in text
    assert b"Traceback" not in text


async def pasted(line: str, state: Path, stdin: str = "") -> tuple[int, str]:
    """Its status and output, typed where the run was started, by a user who has nothing on the PATH."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", line),
        env={"PATH": "/usr/bin:/bin", "XDG_STATE_HOME": str(state), "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    text, _ = await process.communicate(stdin.encode())
    return process.returncode or 0, text.decode()


async def test_a_shop_is_found_from_elsewhere_while_it_runs_and_its_panel_can_be_pasted(
    tmp_path: Path,
) -> None:
    (tmp_path / "elsewhere").mkdir()
    terminal = Terminal(tmp_path / "elsewhere", {})
    state = terminal.state.parent
    arguments = run_arguments(tmp_path / "data")
    async with command(*arguments, "--no-seed", state=state) as process:
        log = (await read_until(process, b"Stop")).decode()
        assert "warning" not in log
        assert "error" not in log.lower()
        assert re.search(r"  5\d\d  ", log) is None  # as a service tells it
        assert re.search(r"\b(WRN|ERR|FTL)\b", log) is None  # as the gateway does
        for told in ("nodes", "services promo", "call GET /cart --as guest", "users list", "migrate"):
            (result,) = await terminal.run_each(told)
            assert result.status == 0, (told, result)
        panel = dict(re.findall(r"\u2502 (Admin|Call it|More) +(.+?) *\u2502", log))
        assert (await pasted(panel["Call it"], state))[0] == 0
        assert "Usage:" in (await pasted(panel["More"], state))[1]
        line = f"{panel['Admin']} --email boss@example.com --password-stdin"
        status, text = await pasted(line, state, "correct horse battery\n")
        assert status == 0, text
        assert "can sign in" in text
        await read_until(process, b"cart        GET /api/v1/cart  200  ")
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), 60)
    (gone,) = await terminal.run_each("nodes")
    assert "No shop was found" in gone.errors
    assert list(terminal.directory.iterdir()) == []
    assert list((terminal.state / "shops").iterdir()) == []
