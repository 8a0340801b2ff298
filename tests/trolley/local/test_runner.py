"""Which services a changed file restarts, and what happens if the code does not start."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from trolley.errors import LocalRunFailed
from trolley.invocation import REPOSITORY
from trolley.local.runner import restart_on_change, services_of


class StackStandIn:
    """Has two replicas of the cart. It starts every service that is not broken."""

    def __init__(self) -> None:
        self.scale = {"auth": 1, "products": 1, "cart": 2}
        self.restarted: list[tuple[str, int]] = []
        self.broken = ""

    async def restart(self, service: str, index: int) -> None:
        self.restarted.append((service, index))
        if service == self.broken:
            raise LocalRunFailed(f"{service} ended while starting. Its last lines:\n  SyntaxError")


@pytest.mark.parametrize(
    ("path", "services"),
    [
        ("cart_service/domain.py", ["cart"]),
        ("product_service/products/routes.py", ["products"]),
        ("shared/settings.py", ["auth", "products", "cart"]),
    ],
)
def test_a_change_restarts_the_services_that_run_the_file(path: str, services: list[str]) -> None:
    assert services_of([REPOSITORY / path]) == services


async def test_code_that_does_not_start_is_told_and_started_with_the_next_change() -> None:
    stack = StackStandIn()
    said: list[str] = []

    async def changes() -> AsyncIterator[list[Path]]:
        stack.broken = "cart"
        yield [REPOSITORY / "shared" / "ids.py"]
        assert stack.restarted == [("auth", 0), ("products", 0), ("cart", 0)]
        assert "SyntaxError" in said[0]
        stack.broken = ""
        yield [REPOSITORY / "cart_service" / "main.py"]

    await restart_on_change(stack, said.append, changes())
    assert stack.restarted[3:] == [("cart", 0), ("cart", 1)]
    assert len(said) == 1
