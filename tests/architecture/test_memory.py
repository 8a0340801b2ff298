"""What docs/operating.md says of memory agrees with the settings and with compose."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from auth_service.settings import AuthSettings
from cart_service.settings import CartSettings
from product_service.settings import ProductSettings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "operating.md").read_text()
MEMORY = TEXT[TEXT.index("## Memory") : TEXT.index("## Limits")]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
PARTS = dict(
    zip(("all", "cart", "auth", "products", "others"), re.findall(r"(?s)\n\|.*?\n\n", MEMORY), strict=True)
)
DEFAULTS = {
    name.upper(): field.default
    for model in (AuthSettings, ProductSettings, CartSettings)
    for name, field in model.model_fields.items()
}
MIB = 2**20


def rows(part: str) -> list[list[str]]:
    """The cells of each line below the head."""
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PARTS[part].split("\n")[3:] if line
    ]


def limit_mib(service: str) -> int:
    """Of the container, as long as no setting says otherwise."""
    limit = re.sub(r"\$\{\w+:-(\w+)\}", r"\1", COMPOSE[service]["mem_limit"])
    return int(limit[:-1]) * (1024 if limit.endswith("g") else 1)


@pytest.mark.parametrize("service", ["cart", "auth", "products"])
def test_what_a_replica_may_take_is_less_than_its_limit(service: str) -> None:
    taken = [int(row[-1]) for row in rows("all") + rows(service)]
    assert len(taken) > 8
    assert sum(taken) <= limit_mib(service)


@pytest.mark.parametrize("row", rows("others"), ids=lambda row: row[0])
def test_what_another_process_may_take_is_less_than_its_limit(row: list[str]) -> None:
    process, *_, most, limit = row
    assert int(most) <= int(limit) == limit_mib(process.lower())


@pytest.mark.parametrize(
    "row", [row for part in list(PARTS)[:-1] for row in rows(part)], ids=lambda row: row[0][:20]
)
def test_a_setting_has_the_default_that_the_table_says(row: list[str]) -> None:
    _, setting, default, most = row
    if setting == "–":
        return
    value = DEFAULTS[setting.strip("`")]
    if default.endswith(" MiB"):
        assert value == int(default.removesuffix(" MiB")) * MIB <= int(most) * MIB
    else:
        assert value == int(default.replace(",", ""))


def test_the_gateway_has_room_for_every_live_cart_of_three_replicas() -> None:
    kib_each = 139
    assert 80 + 3 * DEFAULTS["CART_EVENTS_LIMIT"] * kib_each / 1024 <= limit_mib("gateway")


def test_nats_has_room_for_every_product_and_fact() -> None:
    assert 2 * (DEFAULTS["PRODUCTS_LIMIT"] + 500_000 / 2) / 1024 <= limit_mib("nats")


def test_live_carts_leave_room_for_other_requests() -> None:
    assert DEFAULTS["CART_EVENTS_LIMIT"] <= DEFAULTS["HTTP_REQUESTS_LIMIT"] / 2
