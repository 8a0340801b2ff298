"""`trolley migrate` knows every collection."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from shared.store.ports import Collection
from trolley.collections import COLLECTIONS


@pytest.mark.parametrize(
    "package", ["auth_service.adapters", "product_service.adapters", "cart_service.adapters"]
)
def test_every_declared_collection_is_listed(package: str) -> None:
    modules = pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}.")
    declared = {
        value.name
        for module in modules
        for value in vars(importlib.import_module(module.name)).values()
        if isinstance(value, Collection)
    }
    assert declared
    assert declared <= {collection.name for collection in COLLECTIONS}
