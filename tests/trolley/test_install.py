"""The installation of a small project into `.venv`: complete or absent, and one at a time."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import sys
import zipfile
from asyncio.subprocess import Process
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.support.terminal import ROOT
from tests.support.waiting import eventually
from trolley.install import sole_installation

WHEEL = "leaf-1.0-py3-none-any.whl"
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "small"
version = "1.0"
"""
# The project's own build waits while there is a file `hold`, so that a test can come in between.
BACKEND = """
import pathlib, time, zipfile
def build_editable(directory, config_settings=None, metadata_directory=None):
    pathlib.Path("building").touch()
    with pathlib.Path("builds").open("a") as builds:
        builds.write("one\\n")
    while pathlib.Path("hold").exists():
        time.sleep(0.05)
    name = "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(directory) / name, "w") as wheel:
        wheel.writestr("small.py", "")
        info = "small-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: small\\nVersion: 1.0\\n")
        tags = "Root-Is-Purelib: true\\nTag: py3-none-any\\n"
        wheel.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\\nGenerator: x\\n{tags}")
        wheel.writestr(f"{info}/RECORD", "")
    return name
"""


@dataclass(frozen=True)
class Clone:
    """A project with one locked requirement, in its own folder."""

    root: Path

    async def start(self, what: str = "ready") -> Process:
        path = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PIP_NO_INDEX": "1",
            "PIP_NO_CACHE_DIR": "1",
        }
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "trolley.install", what),
            cwd=self.root,
            env={**path, "PIP_FIND_LINKS": ".", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )

    async def install(self, what: str = "ready") -> str:
        process = await self.start(what)
        text = (await process.communicate())[0].decode()
        assert process.returncode == 0, text
        return text

    async def imports(self, *modules: str) -> bool:
        command = (str(self.root / ".venv/bin/python"), "-c", f"import {','.join(modules)}")
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
        return await process.wait() == 0

    @property
    def stamp(self) -> Path:
        return self.root / ".venv" / "ready"

    @property
    def builds(self) -> int:
        return len((self.root / "builds").read_text().splitlines())


@pytest.fixture(scope="session")
def finished(shared_directory: Path) -> Clone:
    """A clone with a complete installation. It is made once for all workers; do not change it, copy it."""
    root = shared_directory / "finished clone"
    with sole_installation(shared_directory):
        if root.exists():
            return Clone(root)
        clone = make_clone(root)
        asyncio.run(clone.install())
    return clone


@pytest.fixture
def installed(tmp_path: Path, finished: Clone) -> Clone:
    return Clone(shutil.copytree(finished.root, tmp_path / "a clone", symlinks=True))


@pytest.fixture
def outdated(installed: Clone) -> Clone:
    """A clone with a complete installation of an older state of the project."""
    with (installed.root / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    (installed.root / "building").unlink()
    return installed


async def test_what_no_lock_names_any_more_is_removed(outdated: Clone) -> None:
    pip = (str(outdated.root / ".venv/bin/python"), "-m", "pip", "install", "--no-deps", "--no-index")
    write_wheel(outdated.root / "former-1.0-py3-none-any.whl", "former")
    process = await asyncio.create_subprocess_exec(
        *pip, "--quiet", str(outdated.root / "former-1.0-py3-none-any.whl")
    )
    assert await process.wait() == 0
    assert await outdated.imports("former", "leaf", "small")
    text = await outdated.install()
    assert "Removing what is not needed any more: former." in text
    assert await outdated.imports("leaf", "small")
    assert not await outdated.imports("former")


def make_clone(root: Path) -> Clone:
    root.mkdir()
    write_wheel(root / WHEEL)
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "backend.py").write_text(BACKEND)
    digest = hashlib.sha256((root / WHEEL).read_bytes()).hexdigest()
    for name in ("requirements-dev.txt", "requirements-dataset.txt"):
        (root / name).write_text(f"leaf==1.0 --hash=sha256:{digest}\n")
    return Clone(root)


def write_wheel(path: Path, name: str = "leaf") -> None:
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


async def read_line(process: Process, first_word: str) -> None:
    """Waits for this output, and ignores earlier output."""
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(first_word.encode()):
            return
    raise AssertionError(f"It ended without saying {first_word}.")


def interrupt(process: Process, number: signal.Signals) -> None:
    """Sends the signal to the whole process group, as a terminal does."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def the_environment_begins(clone: Clone) -> bool:
    return (clone.root / ".venv" / "pyvenv.cfg").exists()


def pip_is_unpacked(clone: Clone) -> bool:
    return any(clone.root.glob(".venv/lib/python*/site-packages/pip/_vendor"))


def the_project_is_built(clone: Clone) -> bool:
    return (clone.root / "building").exists()


async def test_after_an_interruption_at_any_moment_the_next_run_installs_it_whole(outdated: Clone) -> None:
    (outdated.root / "hold").touch()
    for first_word, moment, number in (
        ("Bringing", the_project_is_built, signal.SIGINT),
        ("Installing", the_environment_begins, signal.SIGINT),
        ("Installing", pip_is_unpacked, signal.SIGKILL),
    ):
        process = await outdated.start()
        await read_line(process, first_word)
        await eventually(partial(moment, outdated))
        interrupt(process, number)
        text = (await process.communicate())[0].decode()
        assert process.returncode, text
        assert "Traceback" not in text
        assert not outdated.stamp.exists()
    (outdated.root / "hold").unlink()
    assert "not finished" in await outdated.install()
    assert outdated.stamp.exists()
    assert await outdated.imports("pip", "leaf")


async def test_two_at_once_install_one_after_the_other_and_once(outdated: Clone) -> None:
    (outdated.root / "hold").touch()
    first, second = await outdated.start(), await outdated.start()
    await eventually(lambda: the_project_is_built(outdated))
    (outdated.root / "hold").unlink()
    texts = [(await process.communicate())[0].decode() for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), texts
    assert sum("Another installation" in text for text in texts) == 1
    assert outdated.builds == 1 + 1  # and that of the older state


async def test_what_a_killed_run_started_is_waited_for(outdated: Clone) -> None:
    (outdated.root / "hold").touch()
    killed = await outdated.start()
    await eventually(lambda: the_project_is_built(outdated))
    killed.kill()  # pip goes on, and changes .venv
    await killed.wait()
    second = asyncio.create_task(outdated.install())
    (outdated.root / "hold").unlink()
    assert "Another installation" in await second
    assert await outdated.imports("pip", "leaf")


async def test_a_whole_one_is_left_alone(installed: Clone) -> None:
    assert await installed.install() == ""
    assert installed.builds == 1


async def test_an_older_one_is_brought_up_to_date(outdated: Clone) -> None:
    assert "up to date" in await outdated.install()
    assert outdated.builds == 2


async def test_an_interpreter_that_is_gone_is_noticed(installed: Clone) -> None:
    (installed.root / ".venv/bin/python").unlink()
    (installed.root / ".venv/bin/python").symlink_to("/nowhere/python3")
    assert "not finished" in await installed.install()
    assert await installed.imports("leaf")


async def failed(clone: Clone, what: str) -> str:
    process = await clone.start(what)
    text = (await process.communicate())[0].decode()
    assert process.returncode == 1, text
    return text


async def test_a_data_set_that_fails_leaves_nothing_that_is_taken_for_whole(installed: Clone) -> None:
    wanted = installed.root / "requirements-dataset.txt"
    wanted.write_text(f"missing==1 --hash=sha256:{'0' * 64}\n")
    assert "missing==1" in await failed(installed, "dataset")
    assert not installed.stamp.exists()
    wanted.write_text((installed.root / "requirements-dev.txt").read_text())
    await installed.install("dataset")
    assert (installed.root / ".venv" / "dataset").exists()
    assert installed.stamp.exists()


async def test_a_failure_shows_what_pip_said_and_what_to_do(outdated: Clone) -> None:
    (outdated.root / "requirements-dev.txt").write_text(f"missing==1 --hash=sha256:{'0' * 64}\n")
    text = await failed(outdated, "ready")
    assert "missing==1" in text
    assert "connection to a package index" in text
    assert "Traceback" not in text
