"""The processor time that the parts of a running shop have taken.

It hardly moves on a machine that others use too, where rates move by half.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from trolley.local.stack import LocalStack

_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
_LISTENING = "0A"
Spent = Mapping[str, float]
"""Microseconds of each part."""


def spent(pid: int) -> float:
    """Microseconds that the process has taken with its threads, and with its children."""
    fields = _fields(pid)
    own = (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND * 1e6
    return own + sum(spent(child) for child in _children(pid))


def spent_by_all(stack: LocalStack) -> Spent:
    """The same of each part of the shop; of Elasticsearch where it runs on this machine."""
    pids = {"gateway": [stack.process("gateway").pid]}
    pids |= {
        name: [stack.process(name, index).pid for index in range(count)]
        for name, count in stack.scale.items()
    }
    pids |= {"store": [listener(stack.environment.get("ELASTICSEARCH_URL") or "")]}
    pids |= {"bus": [stack.process("nats").pid], "redis": [stack.process("redis").pid]}
    return {name: sum(spent(pid) for pid in each if pid) for name, each in pids.items() if any(each)}


def for_each_answer(before: Spent, after: Spent, answers: int) -> Spent:
    """What one answer took of each part."""
    return {name: (after[name] - before[name]) / max(answers, 1) for name in after}


def _fields(pid: int) -> list[str]:
    """proc_pid_stat(5) from the third field on: the second is a name, which may hold blanks and brackets."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def listener(url: str) -> int | None:
    """The process that listens on the port of the address, if it is one of this machine's."""
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
        except OSError:  # it ended, or is another user's
            continue
    return None
