"""The demo catalogue: invented products of invented brands, as lines for `POST /api/v1/products/import`.

One file per category. Prices are in minor units of whatever currency the shop sells in; there are no images.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources


def import_lines() -> Iterator[bytes]:
    """Every product as one line of JSON, with its line end, in a fixed order."""
    files = (file for file in resources.files(__name__).iterdir() if file.name.endswith(".ndjson"))
    for file in sorted(files, key=lambda file: file.name):
        yield from file.read_bytes().splitlines(keepends=True)
