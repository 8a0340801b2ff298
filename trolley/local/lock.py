"""One local run a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trolley.local.environment import prepare_directory
from trolley.local.errors import LocalRunFailed

_LOCK = "run.lock"


@contextmanager
def sole_run(directory: Path) -> Iterator[None]:
    """Makes the folder and holds it. Raises `LocalRunFailed` while another run does; the system lets go of it
    however that run ends."""
    prepare_directory(directory)
    with (directory / _LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise LocalRunFailed(
                f"The shop in {directory} already runs (process {lock.read().strip()}). End that one, or run "
                "another beside it with a folder and a port of its own, as in --data .data-2 --port 3001."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
