"""What `trolley seed` can load."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trolley.catalogue import import_lines
from trolley.datasets import completejourney as dataset


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Lines for the import route; `size` is how many, where that is known before."""

    name: str
    lines: Iterable[bytes]
    size: int | None = None


def demo() -> Catalogue:
    """The shop's own demo catalogue."""
    lines = list(import_lines())
    return Catalogue("demo catalogue", lines, len(lines))


def completejourney() -> Catalogue:
    """Real retail products. Raises `DatasetMissing`."""
    return Catalogue("completejourney", dataset.import_lines(), dataset.PRODUCTS)
