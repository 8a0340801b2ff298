"""Compares writes of one request each with group-committed writes, on the same store in the same run.

    python -m benchmarks.store_writes

Elasticsearch takes part when ELASTICSEARCH_URL is set. The ratio compares the same number of callers on the
same documents. Without grouping every write is a separate request (or transaction), and Elasticsearch has 16
of them under way. A single caller shows the latency.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from shared.ids import new_id
from shared.store.elasticsearch.factory import ElasticsearchStoreFactory
from shared.store.ports import Collection, DocumentStore, Field, FieldType
from shared.store.queues import QueueLimits
from shared.store.sqlite.factory import SqliteStoreFactory

COLLECTION = Collection(
    f"bench_{new_id()}", 1, {"size": Field(FieldType.LONG), "lines": Field(FieldType.OPAQUE)}
)
LINES = [
    {"product_id": f"p{n:031}", "quantity": n, "unit_price": 1999, "name": "A product"} for n in range(5)
]


GROUPED = QueueLimits(batch_items=256, queue_limit=4096)
SINGLE = QueueLimits(batch_items=1, queue_limit=4096, batches_at_once=16)
Factory = ElasticsearchStoreFactory | SqliteStoreFactory


@dataclass(frozen=True, slots=True)
class Comparison:
    """Acknowledged writes a second on one store: one caller, many callers with a request for each write, and
    the same callers with group commit."""

    store: str
    alone: float
    single: float
    grouped: float

    @property
    def ratio(self) -> float:
        """The gain of grouping."""
        return self.grouped / self.single


async def compare(
    store: str, open_factory: Callable[[QueueLimits], Factory], *, seconds: float = 3.0, callers: int = 256
) -> Comparison:
    """Measures each way for `seconds`, after a warm-up of the same store."""
    single, grouped = open_factory(SINGLE), open_factory(GROUPED)
    try:
        one_each, together = await single.open(COLLECTION), await grouped.open(COLLECTION)
        await _writes_per_second(together, callers, seconds)
        return Comparison(
            store,
            alone=await _writes_per_second(one_each, 1, seconds),
            single=await _writes_per_second(one_each, callers, seconds),
            grouped=await _writes_per_second(together, callers, seconds),
        )
    finally:
        if isinstance(single, ElasticsearchStoreFactory):
            await single.indices.delete(single.indices.index(COLLECTION))
        await asyncio.gather(single.close(), grouped.close())


async def _writes_per_second(store: DocumentStore, callers: int, seconds: float) -> float:
    """Each caller replaces its own document, of the size of a cart, again and again."""
    ids = [new_id() for _ in range(callers)]
    versions = await asyncio.gather(*(store.create(id, {"size": 0, "lines": LINES}) for id in ids))
    start = time.perf_counter()
    written = sum(
        await asyncio.gather(
            *(_write(store, id, version, start + seconds) for id, version in zip(ids, versions, strict=True))
        )
    )
    return written / (time.perf_counter() - start)


async def _write(store: DocumentStore, id: str, version: str, until: float) -> int:
    written = 0
    while time.perf_counter() < until:
        version = await store.replace(id, {"size": written, "lines": LINES}, version)
        written += 1
    return written


def show(console: Console, comparisons: list[Comparison]) -> None:
    """Prints a line for each store."""
    table = Table(title="Acknowledged compare-and-swap writes a second, 0.5 KB each", title_justify="left")
    table.add_column("store")
    for column in ("one caller", "256 callers, one request each", "256 callers, group commit", "ratio"):
        table.add_column(column, justify="right")
    for found in comparisons:
        figures = [f"{value:,.0f}" for value in (found.alone, found.single, found.grouped)]
        table.add_row(found.store, *figures, f"{found.ratio:.1f}")
    console.print(table)
    console.print("ratio: group commit ÷ one request each (wanted on Elasticsearch: 4)")


async def main() -> None:
    comparisons = []
    with tempfile.TemporaryDirectory(dir=".") as directory:
        comparisons.append(await compare("SQLite", partial(SqliteStoreFactory, Path(directory))))
    if url := os.environ.get("ELASTICSEARCH_URL"):
        comparisons.append(
            await compare("Elasticsearch", partial(ElasticsearchStoreFactory, url, "bench-", 0))
        )
    show(Console(), comparisons)


if __name__ == "__main__":
    asyncio.run(main())
