"""`trolley migrate` knows every collection."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from shared.store.ports import Collection
from trolley.migration import COLLECTIONS


@pytest.mark.parametrize("package", ["auth_service", "product_service", "cart_service"])
def test_every_declared_collection_is_listed(package: str) -> None:
    modules = pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    declared = {
        value.name
        for module in modules
        if not module.name.endswith("__main__")
        for value in vars(importlib.import_module(module.name)).values()
        if isinstance(value, Collection)
    }
    assert declared
    assert declared <= {collection.name for collection in COLLECTIONS}
