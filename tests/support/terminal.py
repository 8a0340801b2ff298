"""The command line in a terminal."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parents[2]
_PARTS = ("auth_service", "product_service", "cart_service", "shared", "trolley", "traefik", "Makefile")


# Many lines in one process: a start costs a second. What a line does to the environment ends with it.
_EACH = """
import contextlib, io, json, os, sys, traceback
from typer.main import get_command
from trolley.cli import app
root, before = get_command(app), dict(os.environ)
text = sys.stdin.read()
for words in json.loads(sys.argv[1]):
    output, errors, status = io.StringIO(), io.StringIO(), 0
    sys.stdin = io.StringIO(text)
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            root.main(args=words)
        except SystemExit as end:
            status = end.code or 0
        except BaseException:
            status = -1
            traceback.print_exc()
    os.environ.clear()
    os.environ.update(before)
    print(json.dumps([status, output.getvalue(), errors.getvalue()]))
"""


@dataclass(frozen=True)
class Result:
    status: int
    output: str
    errors: str

    @property
    def lines(self) -> list[Any]:
        """The JSON values of the output, one a line."""
        return [orjson.loads(line) for line in self.output.splitlines()]


@dataclass(frozen=True)
class Terminal:
    """Runs `trolley` in a directory of its own, from a clone and with a state folder of its own, so that what
    a developer runs or has in .env plays no part; keywords replace variables of the environment."""

    directory: Path
    environment: Mapping[str, str]

    @property
    def clone(self) -> Path:
        """The same code in another folder."""
        clone = self._beside("clone")
        clone.mkdir(exist_ok=True)
        for part in _PARTS:
            if not (clone / part).exists():
                (clone / part).symlink_to(ROOT / part)
        return clone

    @property
    def state(self) -> Path:
        return self._beside("state") / "trolley"

    def _beside(self, name: str) -> Path:
        return self.directory.parent / f"{self.directory.name}-{name}"

    async def run(self, *arguments: str, stdin: str = "", **changed: str) -> Result:
        process = await self.start(*arguments, **changed)
        output, errors = await process.communicate(stdin.encode())
        return Result(process.returncode or 0, output.decode(), errors.decode())

    async def run_each(self, *lines: str, stdin: str = "", **changed: str) -> list[Result]:
        """Runs the lines, one after the other, in one process."""
        words = orjson.dumps([shlex.split(line) for line in lines]).decode()
        process = await self._python("-c", _EACH, words, **changed)
        output, errors = await process.communicate(stdin.encode())
        results = [Result(*orjson.loads(line)) for line in output.splitlines()]
        assert len(results) == len(lines), errors.decode()
        return results

    async def start(self, *arguments: str, **changed: str) -> Process:
        """Runs a command that continues until it is interrupted."""
        return await self._python("-m", "trolley", *arguments, **changed)

    async def _python(self, *arguments: str, **changed: str) -> Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            cwd=self.directory,
            env={**self.variables, **changed},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    @property
    def variables(self) -> dict[str, str]:
        own = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(self.clone),
            "XDG_STATE_HOME": str(self.state.parent),
        }
        return {**own, **self.environment}


async def interrupt(process: Process) -> Result:
    """Sends Ctrl-C. Returns the result."""
    process.send_signal(signal.SIGINT)
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    return Result(process.returncode or 0, output.decode(), errors.decode())
