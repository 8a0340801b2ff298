"""What `trolley seed` can load: the demo catalogue, and real retail products.

The demo catalogue has invented products of invented brands, one file for each category. Prices are in minor
units of the shop's currency. There are no images.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources

from trolley.datasets import completejourney as dataset
from trolley.errors import CommandFailed


@dataclass(frozen=True, slots=True)
class ProductDataset:
    """Lines for `POST /api/v1/products/import`. `size` is their number, if it is known in advance."""

    name: str
    lines: Iterable[bytes]
    size: int | None = None


def import_lines() -> Iterator[bytes]:
    """Every product of the demo catalogue as one line of JSON, with its line end, in a fixed order."""
    files = (file for file in resources.files(__name__).iterdir() if file.name.endswith(".ndjson"))
    for file in sorted(files, key=lambda file: file.name):
        yield from file.read_bytes().splitlines(keepends=True)


def demo() -> ProductDataset:
    """The shop's own demo catalogue."""
    lines = list(import_lines())
    return ProductDataset("demo catalogue", lines, len(lines))


def demo_wanted(environment: Mapping[str, str]) -> bool:
    """Whether a new shop gets the demo catalogue: SEED_DEMO if it is set, else everywhere but in production.
    Raises `CommandFailed`."""
    given = environment.get("SEED_DEMO", "").lower()
    if given not in ("", "true", "false"):
        raise CommandFailed(f"SEED_DEMO is true, false or empty, not {given!r}. See .env.example.")
    return given == "true" if given else environment.get("ENVIRONMENT") != "production"


def completejourney() -> ProductDataset:
    """Real retail products. Raises `DatasetMissing`."""
    return ProductDataset("completejourney", dataset.import_lines(), dataset.PRODUCTS)
