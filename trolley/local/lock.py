"""One local run a folder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from trolley.errors import LocalRunFailed
from trolley.local.environment import prepare_directory

_LOCK = "run.lock"
_LOOKS, _LOOK_SECONDS = 20, 0.05


@contextmanager
def sole_run(directory: Path) -> Iterator[None]:
    """Makes the folder and holds it. Raises `LocalRunFailed` while another run does; the system lets go of it
    however that run ends."""
    prepare_directory(directory)
    with (directory / _LOCK).open("a+") as lock:
        if not _lock(lock):
            lock.seek(0)
            raise LocalRunFailed(
                f"The shop in {directory} already runs (process {lock.read().strip()}). End that one, or run "
                "another beside it with a folder and a port of its own, as in --data .data-2 --port 3001."
            )
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def running_process(directory: Path) -> int | None:
    """The process of the run that holds the folder. A number that is merely written there means nothing: its
    process may have ended, and another one may have the number now."""
    try:
        with (directory / _LOCK).open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read().strip() or 0) or None
    except (OSError, ValueError):
        return None
    return None


def _lock(lock: IO[str]) -> bool:
    """Tries for a moment, because `running_process` holds it for an instant."""
    for attempt in range(_LOOKS):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt < _LOOKS - 1:
                time.sleep(_LOOK_SECONDS)
        else:
            return True
    return False
