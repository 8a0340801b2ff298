"""The costs of an answer: the processor time of each part of a running shop, and the trips of a replica to
the store, the stream and Redis. Processor time hardly changes on a shared machine, but rates change by half.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from prometheus_client.parser import text_string_to_metric_families

from trolley.local.stack import LocalStack

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_LISTENING = "0A"
Spent = Mapping[str, float]
"""Microseconds of each part."""


def spent(pid: int) -> float:
    """The microseconds of the process with its threads and its children."""
    fields = _fields(pid)
    own = (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND * 1e6
    return own + sum(spent(child) for child in _children(pid))


def spent_by_all(stack: LocalStack) -> Spent:
    """The microseconds of each part of the shop, and of Elasticsearch if it runs on this machine."""
    pids = {"gateway": [stack.process("gateway").pid]}
    pids |= {
        name: [stack.process(name, index).pid for index in range(count)]
        for name, count in stack.scale.items()
    }
    for name, address in {"store": "ELASTICSEARCH_URL", "bare": "BARE_URL"}.items():
        pids[name] = [listener(stack.environment.get(address) or "")]
    pids |= {"bus": [stack.process("nats").pid], "redis": [stack.process("redis").pid]}
    return {name: sum(spent(pid) for pid in each if pid) for name, each in pids.items() if any(each)}


def for_each_answer(before: Spent, after: Spent, answers: int) -> Spent:
    """The microseconds of each part for one answer."""
    return {name: (after[name] - before[name]) / max(answers, 1) for name in after}


def _fields(pid: int) -> list[str]:
    """The fields of proc_pid_stat(5) from the third on. The second is a name, which may contain blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def listener(url: str) -> int | None:
    """The process that listens on the port of the address, if it is on this machine."""
    port = urlsplit(url).port
    if port is None:
        return None
    tables = [Path(f"/proc/net/{name}").read_text() for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables for line in table.splitlines()]
    sockets = {
        f"socket:[{line[9]}]" for line in lines if line[3] == _LISTENING and line[1].endswith(f":{port:04X}")
    }
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(descriptor.readlink()) in sockets:
                return int(descriptor.parts[2])
        except OSError:  # it has ended, or belongs to another user
            continue
    return None


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
"""A column of the report, the sample with its count, and the labels of the sample."""


async def counted(stack: LocalStack) -> Counts:
    """The counts of the first cart replica since its start."""
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


def add_counts(counts: Counts, before: Counts, after: Counts) -> Counts:
    """The counts and the difference between the other two."""
    return {column: counts.get(column, 0) + after[column] - before[column] for column in COUNTED}


def divide(counts: Counts, answers: int) -> Counts:
    """The counts for one answer."""
    return {column: count / answers for column, count in counts.items()}
