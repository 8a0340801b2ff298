"""What a local run writes, and what each of its programs is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import StartShop
from tests.e2e.shops import running_on
from trolley.local.process import ManagedProcess
from trolley.secrets import SECRET_NAMES

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
def open_umask() -> Iterator[None]:
    """That of a shell that lets everybody read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
async def test_nobody_else_can_read_what_a_run_writes(tmp_path: Path) -> None:
    async with running_on("sqlite", tmp_path / ".data") as shop:
        await shop.admin()
        paths = [tmp_path / ".data", *(tmp_path / ".data").rglob("*")]
        names = {path.name for path in paths}
        assert {"store", "nats", "access.log", "secrets.env"} <= names
        assert any(name.endswith(".sqlite3") for name in names)
        assert [str(path) for path in paths if path.exists() and path.stat().st_mode & 0o077] == []


def environment_of(process: ManagedProcess) -> dict[str, str]:
    entries = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
    pairs = (entry.decode().partition("=") for entry in entries if entry)
    return {name: value for name, _, value in pairs}


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")
async def test_each_program_is_told_its_own_secrets_alone(start_shop: StartShop) -> None:
    stack = (await start_shop("sqlite")).stack
    secrets = {name: stack.environment[name] for name in SECRET_NAMES}
    own = {
        "auth": {"AUTH_SECRET", "CURSOR_SECRET", "GATEWAY_SECRET", "NATS_AUTH_PASSWORD"},
        "products": {"CURSOR_SECRET", "NATS_PRODUCTS_PASSWORD"},
        "cart": {"CURSOR_SECRET", "NATS_CART_PASSWORD"},
        "gateway": {"GATEWAY_SECRET"},
        "nats": {name for name in SECRET_NAMES if name.startswith("NATS_")},
        "redis": set(),
    }
    for program, names in own.items():
        told = " ".join(environment_of(stack.process(program)).values())
        assert {name for name, value in secrets.items() if value in told} == names, program
