"""The product service on real backends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from product_service.main import create_app
from product_service.settings import ProductSettings
from tests.product_service.editors import Editor
from tests.support.apps import running
from tests.support.tokens import TokenIssuer

MakeSettings = Callable[..., ProductSettings]


@pytest.fixture
def product_settings(backend_settings: dict[str, Any]) -> MakeSettings:
    """Settings on the test's backends; keywords replace single ones."""

    def make(**replaced: Any) -> ProductSettings:
        return ProductSettings(**{**backend_settings, **replaced})

    return make


@pytest.fixture
async def shop(product_settings: MakeSettings, fast: bool) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a token, for one replica of product_service."""
    async with running(create_app(product_settings(), fast=fast)) as client:
        yield client


@pytest.fixture
def editor(shop: httpx.AsyncClient, tokens: TokenIssuer) -> Editor:
    """An editor of the catalogue."""
    return Editor(shop, tokens.issue(role="admin"))
