"""The committed files are those that the code generates; `make postman` writes them."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.trolley.openapi.generated import ARTEFACTS, DOCUMENT


@pytest.mark.parametrize("path", ARTEFACTS, ids=lambda path: path.name)
def test_the_committed_file_is_fresh(path: Path) -> None:
    if path.suffix == ".json":
        assert orjson.loads(path.read_bytes()) == orjson.loads(ARTEFACTS[path]), "run `make postman`"
    assert path.read_bytes() == ARTEFACTS[path], "run `make postman`"


def test_operation_ids_are_unique() -> None:
    ids = [op["operationId"] for item in DOCUMENT["paths"].values() for op in item.values()]
    assert len(ids) == len(set(ids))
