"""The tour in the README, as it is pasted."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.shops import Shop
from trolley.local.ports import free_port

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="the tour needs curl"),
]

README = Path(__file__).parents[2] / "README.md"
ADDRESS = "http://localhost:3000"


async def tour(address: str) -> tuple[int, str]:
    """Its status and what it prints, in a plain shell."""
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    (block,) = (block for block in blocks if ADDRESS in block and "curl" in block)
    shell = await asyncio.create_subprocess_exec(
        *("sh", "-c", block.replace(ADDRESS, address)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    text = (await shell.communicate())[0].decode()
    return shell.returncode or 0, text


async def test_the_tour_works_in_a_plain_shell(own_shop: Shop) -> None:
    status, text = await tour(own_shop.stack.base_url)
    assert status == 0, text
    assert "counts once.\n2\n2\n" in text
    assert '"pointer": "/quantity"' in text


async def test_the_tour_shows_money_and_names_as_people_write_them(own_shop: Shop) -> None:
    _, text = await tour(own_shop.stack.base_url)
    assert re.search(r"^ +\d+\.\d\d USD  .*D\u00e9caf", text, re.MULTILINE)
    found = await own_shop.client.get("/api/v1/products?q=coffee&in_stock=true&limit=3")
    first, *_ = products = found.json()["items"]
    for product in products:
        assert f" {product['price'] / 100:.2f} USD  {product['name']}\n" in text
    assert re.search(rf"total +{2 * first['price'] / 100:.2f} USD", text)
    assert "\\u00" not in text


async def test_without_a_shop_the_tour_says_so_in_one_line() -> None:
    address = f"http://localhost:{free_port()}"
    status, text = await tour(address)
    assert status == 1
    (line,) = text.splitlines()
    assert address in line
    assert "make run" in line
    assert "set SHOP to its address" in line


async def test_the_readme_says_how_to_choose_another_port_and_how_amounts_are_written() -> None:
    text = " ".join(README.read_text().split("```sh\nSHOP=")[0].split())
    assert "`GATEWAY_PORT=3105 make run`" in text
    assert "1390 is 13.90" in text
