"""The lock of a folder: one local run at a time."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from trolley.errors import LocalRunFailed
from trolley.invocation import REPOSITORY, command, make
from trolley.local.environment import prepare_directory

_LOCK = "run.lock"
_LOOKS, _LOOK_SECONDS = 20, 0.05


@contextmanager
def sole_run(directory: Path) -> Iterator[None]:
    """Makes the folder and locks it. Raises `LocalRunFailed` if another run has locked it. The system ends
    the lock with its process."""
    prepare_directory(directory)
    with (directory / _LOCK).open("a+") as lock:
        if not _lock(lock):
            lock.seek(0)
            raise LocalRunFailed(
                f"The shop in {directory} already runs (process {lock.read().strip()}). End it, or run "
                f"another one with its own folder and port: `{_another()}`."
            )
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _another() -> str:
    options = "--data .data-2 --port 3001"
    in_clone = (REPOSITORY / "Makefile").exists()
    return f'{make("run")} ARGS="{options}"' if in_clone else command("run", options)


def was_locked(directory: Path) -> bool:
    """Whether a run has ever used the folder."""
    return (directory / _LOCK).is_file()


def running_process(directory: Path) -> int | None:
    """The process of the run that has locked the folder. The number in the file is not enough: the process
    may have ended, and another one may have the same number."""
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
    """Tries for a moment, because `running_process` also locks the file briefly."""
    for attempt in range(_LOOKS):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt < _LOOKS - 1:
                time.sleep(_LOOK_SECONDS)
        else:
            return True
    return False
