"""Programs that the local run starts."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from trolley.invocation import make
from trolley.local.errors import LocalRunFailed


def find_program(name: str) -> str | None:
    """The program beside this Python (wheels put theirs there), else the one on PATH."""
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def require_program(name: str, wheel: str) -> str:
    """As `find_program`, but raises `LocalRunFailed` naming the wheel that brings it."""
    found = find_program(name)
    if found is None:
        raise LocalRunFailed(f"{name} is missing. `{make('install')}` brings it (the package {wheel}).")
    return found
