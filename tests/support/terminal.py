"""The command line as it is typed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    status: int
    output: str
    errors: str

    @property
    def lines(self) -> list[Any]:
        """The output, a JSON value a line."""
        return [orjson.loads(line) for line in self.output.splitlines()]


@dataclass(frozen=True)
class Terminal:
    """Runs `trolley` in a directory of its own; keywords replace variables of the environment."""

    directory: Path
    environment: Mapping[str, str]

    async def run(self, *arguments: str, **changed: str) -> Result:
        path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "COLUMNS": "150"}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "trolley", *arguments),
            cwd=self.directory,
            env={**path, **self.environment, **changed},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        return Result(process.returncode or 0, output.decode(), errors.decode())
