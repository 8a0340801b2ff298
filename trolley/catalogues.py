"""What `trolley seed` can load."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trolley.catalogue import import_lines
from trolley.datasets import completejourney as dataset
from trolley.errors import CommandFailed


@dataclass(frozen=True, slots=True)
class ProductDataset:
    """Lines for the import route; `size` is how many, where that is known before."""

    name: str
    lines: Iterable[bytes]
    size: int | None = None


def demo() -> ProductDataset:
    """The shop's own demo catalogue."""
    lines = list(import_lines())
    return ProductDataset("demo catalogue", lines, len(lines))


def demo_wanted(environment: Mapping[str, str]) -> bool:
    """Whether a shop begins with the demo catalogue: SEED_DEMO, or else everywhere but in production. Raises
    `CommandFailed`."""
    given = environment.get("SEED_DEMO", "").lower()
    if given not in ("", "true", "false"):
        raise CommandFailed(f"SEED_DEMO is true, false or empty, not {given!r}. See .env.example.")
    return given == "true" if given else environment.get("ENVIRONMENT") != "production"


def completejourney() -> ProductDataset:
    """Real retail products. Raises `DatasetMissing`."""
    return ProductDataset("completejourney", dataset.import_lines(), dataset.PRODUCTS)
