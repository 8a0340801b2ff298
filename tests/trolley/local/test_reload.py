"""Which services a changed file concerns."""

from __future__ import annotations

import pytest

from trolley.local.programs import REPOSITORY
from trolley.local.reload import services_of


@pytest.mark.parametrize(
    ("path", "services"),
    [
        ("cart_service/domain.py", ["cart"]),
        ("product_service/api/routes.py", ["products"]),
        ("shared/settings.py", ["auth", "products", "cart"]),
    ],
)
def test_a_change_restarts_the_services_that_run_the_file(path: str, services: list[str]) -> None:
    assert services_of([REPOSITORY / path]) == services
