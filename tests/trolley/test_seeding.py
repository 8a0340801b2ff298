"""An import in several requests, with one report."""

from __future__ import annotations

from itertools import count
from typing import Any

import orjson
import pytest
from fastapi import FastAPI, Request, Response

from product_service.main import create_app
from product_service.settings import ProductSettings
from shared.security.identity import Role
from tests.support.apps import serving
from tests.support.tokens import TokenIssuer
from trolley import seeding
from trolley.errors import CommandFailed


def line(number: int, price: int) -> bytes:
    return orjson.dumps({"sku": f"SEED-{number}", "name": f"Product {number}", "price": price})


async def test_an_import_in_parts_reports_as_one(
    backend_settings: dict[str, Any], tokens: TokenIssuer
) -> None:
    size, bad = seeding.LINES_AT_A_TIME + 3, seeding.LINES_AT_A_TIME + 1
    lines = [line(number, -1 if number == bad else 100) for number in range(1, size + 1)]
    token = tokens.issue(role=Role.ADMIN).removeprefix("Bearer ")
    advances: list[int] = []
    async with serving(create_app(ProductSettings(**backend_settings))) as client:
        report = await seeding.import_products(str(client.base_url), token, lines, advances.append)
        empty = await seeding.catalogue_is_empty(str(client.base_url))
    assert (report["created"], report["failed"]) == (size - 1, 1)
    assert [error["line"] for error in report["errors"]] == [bad]
    assert not empty
    assert advances == [seeding.LINES_AT_A_TIME, 3]


class ShopStandIn:
    """Accepts lines as the import does, after a first answer of another kind. It records the tokens."""

    def __init__(self, first: int) -> None:
        self.answers = [first]
        self.tokens: list[str] = []
        self.app = FastAPI()
        self.app.add_api_route(seeding.IMPORT, self.take, methods=["POST"])

    async def take(self, request: Request, response: Response) -> dict[str, Any]:
        self.tokens.append(request.headers["authorization"])
        response.status_code = self.answers.pop() if self.answers else 200
        return {"created": len((await request.body()).splitlines()), "errors": []}


async def test_each_request_has_a_token_that_lives_and_what_was_refused_for_now_is_sent_again() -> None:
    shop, issued = ShopStandIn(first=503), count(1)

    async def token() -> str:
        return str(next(issued))

    lines = [line(number, 100) for number in range(seeding.LINES_AT_A_TIME + 1)]
    async with serving(shop.app, wait_ready=False) as client:
        report = await seeding.import_products(str(client.base_url), token, lines, pauses=[0])
    assert report["created"] == seeding.LINES_AT_A_TIME + 1
    assert shop.tokens == ["Bearer 1", "Bearer 2", "Bearer 3"]


async def test_what_is_wrong_with_the_lines_is_told_at_once() -> None:
    shop = ShopStandIn(first=422)
    async with serving(shop.app, wait_ready=False) as client:
        with pytest.raises(CommandFailed, match="422"):
            await seeding.import_products(str(client.base_url), "token", [line(1, 100)])
    assert len(shop.tokens) == 1


async def test_a_shop_that_stays_away_is_told_in_the_end(free_port: int) -> None:
    with pytest.raises(CommandFailed, match="does not answer"):
        await seeding.import_products(f"http://127.0.0.1:{free_port}", "t", [line(1, 100)], pauses=[0, 0])
