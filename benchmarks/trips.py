"""How often a replica went to the store, the stream and Redis, as it counts itself."""

from __future__ import annotations

from collections.abc import Mapping

import httpx
from prometheus_client.parser import text_string_to_metric_families

from trolley.local.stack import LocalStack

Counts = Mapping[str, float]

STORE = {"collection": "carts"}
COUNTED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "store writes": ("store_batch_items_sum", {**STORE, "operation": "write"}),
    "store write requests": ("store_batch_items_count", {**STORE, "operation": "write"}),
    "store reads": ("store_batch_items_sum", {**STORE, "operation": "read"}),
    "events": ("events_published_total", {}),
    "Redis commands": ("cache_batch_items_sum", {}),
    "Redis pipelines": ("cache_batch_items_count", {}),
}
"""A column of the report, the sample that counts it, and the labels that the sample has to have."""


async def counted(stack: LocalStack) -> Counts:
    """What the first replica of the cart has counted since its start."""
    port = stack.process("cart").program.environment["CART_PORT"]
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"http://127.0.0.1:{port}/metrics")).raise_for_status().text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {
        column: sum(
            sample.value
            for sample in samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )
        for column, (name, labels) in COUNTED.items()
    }


def added(counts: Counts, before: Counts, after: Counts) -> Counts:
    """The counts with what was counted between the two."""
    return {column: counts.get(column, 0) + after[column] - before[column] for column in COUNTED}


def for_each(counts: Counts, answers: int) -> Counts:
    """The same for each answer."""
    return {column: count / answers for column, count in counts.items()}
