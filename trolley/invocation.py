"""The command lines that panels and messages quote. They work here when they are pasted."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
_IN_CONTAINERS = "docker compose run --rm operator"


def invocation() -> str:
    """`trolley` if the PATH finds this installation, else its path, which is relative in the clone."""
    script = Path(sys.prefix) / "bin" / "trolley"
    if not script.exists():
        in_clone = (REPOSITORY / "Makefile").exists()
        return f"{shlex.quote(sys.executable)} -m trolley" if in_clone else _IN_CONTAINERS
    on_path = shutil.which("trolley")
    if on_path is not None and Path(on_path).samefile(script):
        return "trolley"
    return shlex.quote(_from_here(script))


def command(*words: str) -> str:
    """The whole line for these words, which are already quoted for the shell."""
    return " ".join([invocation(), *words])


def make(target: str, clone: Path = REPOSITORY) -> str:
    """The line that makes a target of the clone's Makefile, in any folder. An image has no Makefile."""
    if not (clone / "Makefile").exists():
        return "docker compose up --detach"
    try:
        here = Path.cwd() == clone
    except OSError:  # the folder was removed
        here = False
    return f"make {target}" if here else f"make -C {shlex.quote(str(clone))} {target}"


def _from_here(script: Path) -> str:
    try:
        here = Path.cwd()
    except OSError:
        return str(script)
    return os.path.relpath(script, here) if here.is_relative_to(REPOSITORY) else str(script)
