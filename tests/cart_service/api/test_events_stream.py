"""The live cart over HTTP: two replicas over one store, one NATS and one Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import httpx
import pytest
from fastapi import FastAPI

from tests.cart_service.api.streams import following
from tests.cart_service.conftest import Catalogue, Customer
from tests.support.apps import serving
from tests.support.tokens import TokenIssuer


@pytest.fixture
async def replicas(
    tokens: TokenIssuer, create_replica: Callable[..., FastAPI]
) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving(create_replica())) for _ in range(2)]


@pytest.fixture
def ann(replicas: list[httpx.AsyncClient], sign_in: Callable[..., Customer]) -> Customer:
    return sign_in(replicas[0])


async def test_each_replica_tells_of_the_others_changes(
    replicas, ann: Customer, catalogue: Catalogue
) -> None:
    mug = await catalogue.put()
    async with following(replicas[0], ann.headers) as here, following(replicas[1], ann.headers) as there:
        assert (await here.cart())["items"] == (await there.cart())["items"] == []
        for client in replicas:
            written = (await ann.at(client).add(mug)).json()
            assert await here.cart() == await there.cart() == written
