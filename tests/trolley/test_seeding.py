"""Import in several requests, as one."""

from __future__ import annotations

from typing import Any

import orjson

from product_service.main import create_app
from product_service.settings import ProductSettings
from shared.security.identity import Role
from tests.support.apps import serving
from tests.support.tokens import TokenIssuer
from trolley import seeding


def line(number: int, price: int) -> bytes:
    return orjson.dumps({"sku": f"SEED-{number}", "name": f"Product {number}", "price": price})


async def test_an_import_in_parts_reports_as_one(
    backend_settings: dict[str, Any], tokens: TokenIssuer
) -> None:
    count, bad = seeding.LINES_AT_A_TIME + 3, seeding.LINES_AT_A_TIME + 1
    lines = [line(number, -1 if number == bad else 100) for number in range(1, count + 1)]
    token = tokens.issue(role=Role.ADMIN).removeprefix("Bearer ")
    advances: list[int] = []
    async with serving(create_app(ProductSettings(**backend_settings))) as client:
        report = await seeding.import_products(str(client.base_url), token, lines, advances.append)
        empty = await seeding.catalogue_is_empty(str(client.base_url))
    assert (report["created"], report["failed"]) == (count - 1, 1)
    assert [error["line"] for error in report["errors"]] == [bad]
    assert not empty
    assert advances == [seeding.LINES_AT_A_TIME, 3]
