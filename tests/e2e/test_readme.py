"""The tour in the README, as it is pasted."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.shops import Shop

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="the tour needs curl"),
]

README = Path(__file__).parents[2] / "README.md"
ADDRESS = "http://localhost:3000"


async def test_the_tour_works_in_a_plain_shell(own_shop: Shop) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    (tour,) = (block for block in blocks if ADDRESS in block and "curl" in block)
    shell = await asyncio.create_subprocess_exec(
        *("sh", "-eu", "-c", tour.replace(ADDRESS, own_shop.stack.base_url)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    text = (await shell.communicate())[0].decode()
    assert shell.returncode == 0, text
    assert "counts once.\n2\n2\n" in text
    assert '"pointer": "/quantity"' in text
