"""`python3 -m trolley.install [dataset]`: installs into `.venv`, completely or not at all.

It runs on the system's Python before anything is installed, so it imports only the standard library. One
installation runs at a time. It writes a stamp last and removes it first. A `.venv` without a stamp is not
complete, so it is removed and made again.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

READY, DATASET = "ready", "dataset"
_REQUIREMENTS = {READY: "requirements-dev.txt", DATASET: "requirements-dataset.txt"}
_FETCHED = re.compile(r"^(?:Collecting|Processing) (\S+)")


_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==", re.MULTILINE)
_BUILD_TOOLS = {"pip", "setuptools", "wheel"}


class InstallationFailed(Exception):
    """The message says what to do. The next run does not use an incomplete installation."""


class Installer:
    """Installs the project in `root` into its `.venv`."""

    def __init__(self, root: Path, lock: int) -> None:
        self._root = root
        self._lock = lock
        self._venv = root / ".venv"
        self._python = self._venv / "bin" / "python"

    def ensure(self, what: str) -> None:
        """Installs `what` unless it is installed. Raises `InstallationFailed`."""
        if not self._is_whole(READY):
            self._begin_again()
            self._pip(["--require-hashes", "--no-deps", "-r", _REQUIREMENTS[READY]])
            self._pip(["--no-deps", "--no-build-isolation", "-e", "."])
            self._remove_unlocked()
            self._stamp(READY)
        if what != READY and not self._is_whole(what):
            (self._venv / READY).unlink()  # pip changes the installation until the end of this
            self._pip(["--require-hashes", "--no-deps", "-r", _REQUIREMENTS[what]])
            self._stamp(what)
            self._stamp(READY)

    def _is_whole(self, what: str) -> bool:
        try:
            return (self._venv / what).read_text() == self._digest(what) and self._python.exists()
        except OSError:
            return False

    def _digest(self, what: str) -> str:
        """Of the requirements and of the interpreter: an upgrade of the system's Python breaks `.venv`."""
        digest = hashlib.sha256(os.path.realpath(self._python).encode())
        for name in (_REQUIREMENTS[what], "pyproject.toml"):
            digest.update((self._root / name).read_bytes())
        return digest.hexdigest()

    def _begin_again(self) -> None:
        """Prepares an update if an older installation is complete, else a new installation."""
        stamp = self._venv / READY
        if stamp.exists() and self._has_pip():
            _say("Bringing .venv up to date.")
            stamp.unlink()
            return
        if self._venv.is_symlink():
            raise InstallationFailed(
                ".venv is a link to another folder. Remove the link, and run this again."
            )
        if self._venv.exists():
            _say("Removing a .venv that is not finished.")
            shutil.rmtree(self._venv)
        _say("Installing into .venv. This takes about a minute and is done once.")
        self._run([sys.executable, "-m", "venv", str(self._venv)])

    def _has_pip(self) -> bool:
        command = [str(self._python), "-m", "pip", "--version"]
        try:
            return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603
        except OSError:
            return False

    def _pip(self, arguments: Sequence[str]) -> None:
        options = ["--disable-pip-version-check", "--no-color", "--progress-bar", "off", "--no-input"]
        self._run([str(self._python), "-m", "pip", "install", *options, *arguments])

    def _remove_unlocked(self) -> None:
        """Removes the packages of an earlier release that no lock names any more. pip leaves them."""
        listed = [str(self._python), "-m", "pip", "list", "--exclude-editable", "--format", "json"]
        done = subprocess.run(listed, check=True, capture_output=True, text=True)  # noqa: S603
        installed = {_canonical(package["name"]) for package in json.loads(done.stdout)}
        locks = [(self._root / name).read_text() for name in _REQUIREMENTS.values()]
        locked = {_canonical(name) for lock in locks for name in _LOCKED.findall(lock)}
        if extra := sorted(installed - locked - _BUILD_TOOLS):
            _say(f"Removing what is not needed any more: {', '.join(extra)}.")
            self._run([str(self._python), "-m", "pip", "uninstall", "--yes", *extra])

    def _run(self, command: Sequence[str]) -> None:
        """Runs the command. It holds the lock too, so nothing is done twice if this process is killed."""
        last: deque[str] = deque(maxlen=15)
        with (
            subprocess.Popen(  # noqa: S603 (its words are ours)
                command,
                cwd=self._root,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                pass_fds=[self._lock],
            ) as process,
            closing(Progress()) as progress,
        ):
            for line in process.stdout or ():
                last.append(line.rstrip())
                progress.read(line)
        if process.returncode:
            lines = "\n  ".join(last)
            raise InstallationFailed(
                f"The installation failed. Its last lines:\n  {lines}\n"
                "It needs a connection to a package index. Check the connection and run it again."
            )

    def _stamp(self, what: str) -> None:
        (self._venv / what).write_text(self._digest(what))


class Progress:
    """A line that counts the packages, shown on a terminal only."""

    def __init__(self) -> None:
        self._on_terminal = sys.stdout.isatty()
        self._count = 0

    def read(self, line: str) -> None:
        if found := _FETCHED.match(line):
            self._count += 1
            self._show(f"{self._count} packages found, now {found[1].partition('==')[0]}")
        elif line.startswith("Installing collected packages"):
            self._show(f"writing {line.count(',') + 1} packages")

    def _show(self, text: str) -> None:
        if self._on_terminal:
            _say(f"\r\033[K  {text[:70]}", end="")

    def close(self) -> None:
        if self._on_terminal:
            _say("\r\033[K", end="")


@contextmanager
def sole_installation(root: Path) -> Iterator[int]:
    """Waits until no other installation runs in this folder. Yields the descriptor of the lock."""
    with (root / ".venv.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another installation into this folder is running. Waiting for its end.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()


def main(arguments: Sequence[str]) -> int:
    what = arguments[0] if arguments else READY
    root, began = Path.cwd(), time.monotonic()
    try:
        with sole_installation(root) as lock:
            Installer(root, lock).ensure(what)
    except KeyboardInterrupt:
        _say("\nInterrupted. The next run begins the installation again.", sys.stderr)
        return 130
    except (InstallationFailed, OSError) as error:
        _say(str(error), sys.stderr)
        return 1
    if time.monotonic() - began > 5:
        _say(f"Installed in {time.monotonic() - began:.0f} s.")
    return 0


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _say(message: str, stream: IO[str] | None = None, end: str = "\n") -> None:
    print(message, file=stream or sys.stdout, end=end, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
