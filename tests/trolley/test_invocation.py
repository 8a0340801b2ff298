"""The quoted command lines work when they are pasted."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from shared import __version__
from tests.support.terminal import ROOT

WORDS = "from trolley.invocation import command; print(command('--version'))"


async def output_of(*words: str, cwd: Path, path: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *words, cwd=cwd, env={"PATH": path, "PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE
    )
    text, _ = await process.communicate()
    assert process.returncode == 0
    return text.decode().strip()


@pytest.mark.parametrize("place", ["clone", "below", "elsewhere"])
@pytest.mark.parametrize("on_path", [False, True])
async def test_the_line_works_where_it_is_read(tmp_path: Path, place: str, on_path: bool) -> None:
    cwd = {"clone": ROOT, "below": ROOT / "docs", "elsewhere": tmp_path}[place]
    script = Path(sys.prefix) / "bin" / "trolley"
    path = f"{script.parent}:/usr/bin:/bin" if on_path else "/usr/bin:/bin"
    line = await output_of(sys.executable, "-c", WORDS, cwd=cwd, path=path)
    assert await output_of("sh", "-c", line, cwd=cwd, path=path) == f"trolley {__version__}"
    if script.exists() and on_path:
        assert line == "trolley --version"
    if script == ROOT / ".venv" / "bin" / "trolley" and not on_path:
        typed = {"clone": ".venv/bin/trolley", "below": "../.venv/bin/trolley"}.get(place, str(script))
        assert line == f"{typed} --version"
    assert Path(line.partition(" ")[0]).is_absolute() is (
        place == "elsewhere" and not on_path and script.exists()
    )
