"""docs/architecture.md shows the code as it is: its features, and the functions of an add."""

from __future__ import annotations

import re
from functools import reduce
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()
SERVICES = ("auth_service", "product_service", "cart_service")
FEATURES = re.findall(r"^\| `(\w+/\w+/)` \| .+ \| (.+) \|$", PAGE, re.M)
STOPS = re.findall(r"^\d+\. `((?:shared|cart_service)\.[\w.]+)`", PAGE, re.M)


def test_every_feature_has_a_line() -> None:
    folders = {
        f"{folder.parent.name}/{folder.name}/"
        for service in SERVICES
        for folder in (ROOT / service).iterdir()
        if (folder / "__init__.py").exists()
    }
    assert sorted(folder for folder, _ in FEATURES) == sorted(folders)


@pytest.mark.parametrize(("folder", "files"), FEATURES, ids=[folder for folder, _ in FEATURES])
def test_a_feature_is_read_from_files_that_exist(folder: str, files: str) -> None:
    names = re.findall(r"`(\w+\.py)`", files)
    assert names
    assert [name for name in names if not (ROOT / folder / name).exists()] == []


def test_the_stops_of_an_add_are_listed() -> None:
    assert len(STOPS) >= 20


@pytest.mark.parametrize("stop", STOPS)
def test_a_stop_names_a_function(stop: str) -> None:
    module = stop
    while not (ROOT / f"{module.replace('.', '/')}.py").exists():
        module, _, _ = module.rpartition(".")
        assert module, f"no module has {stop}"
    names = stop.removeprefix(f"{module}.").split(".")
    assert callable(reduce(getattr, names, import_module(module)))
