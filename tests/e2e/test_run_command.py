"""`trolley run` as it is run: in a process of its own, ended by a signal."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.e2e.shops import bare_environment
from tests.support.waiting import eventually
from trolley.local.ports import free_port

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(sys.platform != "linux", reason="looks for what is left in /proc"),
]

READY = b"The shop is open"


@asynccontextmanager
async def command(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "trolley",
        *arguments,
        env={**bare_environment(), "SQLITE_DIRECTORY": ""},  # as when it is left empty in .env
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
            assert await asyncio.wait_for(process.wait(), 30) == 0
        assert processes_using(tmp_path) == []
    assert list((tmp_path / "store").glob("carts*"))


async def test_nothing_is_left_when_it_is_killed(tmp_path: Path) -> None:
    async with command(*run_arguments(tmp_path), "--no-seed") as process:
        await read_until(process, READY)
        process.kill()
    await eventually(lambda: not processes_using(tmp_path), 15)


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
