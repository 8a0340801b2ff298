"""The installation into `.venv`: whole or absent, one at a time; on a small project."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import signal
import sys
import zipfile
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.terminal import ROOT
from tests.support.waiting import eventually

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
    """A project with one locked requirement, in a folder of its own."""

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


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return make_clone(tmp_path / "a clone")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """Where the installation is whole; it is copied and left as it is."""
    clone = make_clone(tmp_path_factory.mktemp("finished") / "a clone")
    asyncio.run(clone.install())
    return clone


@pytest.fixture
def installed(tmp_path: Path, finished: Clone) -> Clone:
    return Clone(shutil.copytree(finished.root, tmp_path / "a clone", symlinks=True))


def make_clone(root: Path) -> Clone:
    root.mkdir()
    write_wheel(root / WHEEL)
    (root / "pyproject.toml").write_text(PROJECT)
    (root / "backend.py").write_text(BACKEND)
    digest = hashlib.sha256((root / WHEEL).read_bytes()).hexdigest()
    for name in ("requirements-dev.txt", "requirements-dataset.txt"):
        (root / name).write_text(f"leaf==1.0 --hash=sha256:{digest}\n")
    return Clone(root)


def write_wheel(path: Path) -> None:
    info = "leaf-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("leaf.py", "")
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: leaf\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def interrupt(process: Process, number: signal.Signals) -> None:
    """As the terminal does: everything that was started from it hears the signal."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def the_environment_begins(clone: Clone) -> bool:
    return (clone.root / ".venv" / "pyvenv.cfg").exists()


def pip_is_unpacked(clone: Clone) -> bool:
    return any(clone.root.glob(".venv/lib/python*/site-packages/pip/_vendor"))


def the_project_is_built(clone: Clone) -> bool:
    return (clone.root / "building").exists()


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        (the_environment_begins, signal.SIGINT),
        (pip_is_unpacked, signal.SIGKILL),
        (the_project_is_built, signal.SIGINT),
    ],
)
async def test_after_an_interruption_at_any_moment_the_next_run_installs_it_whole(
    clone: Clone, moment: Callable[[Clone], bool], number: signal.Signals
) -> None:
    (clone.root / "hold").touch()
    process = await clone.start()
    await eventually(lambda: moment(clone))
    interrupt(process, number)
    text = (await process.communicate())[0].decode()
    assert process.returncode, text
    assert "Traceback" not in text
    assert not clone.stamp.exists()
    (clone.root / "hold").unlink()
    assert "not finished" in await clone.install()
    assert clone.stamp.exists()
    assert await clone.imports("pip", "leaf")


async def test_two_at_once_install_one_after_the_other_and_once(clone: Clone) -> None:
    (clone.root / "hold").touch()
    first, second = await clone.start(), await clone.start()
    await eventually(lambda: the_project_is_built(clone))
    (clone.root / "hold").unlink()
    texts = [(await process.communicate())[0].decode() for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), texts
    assert sum("Another installation" in text for text in texts) == 1
    assert clone.builds == 1


async def test_what_a_killed_run_started_is_waited_for(clone: Clone) -> None:
    (clone.root / "hold").touch()
    killed = await clone.start()
    await eventually(lambda: the_project_is_built(clone))
    killed.kill()  # pip goes on, and changes .venv
    await killed.wait()
    second = asyncio.create_task(clone.install())
    (clone.root / "hold").unlink()
    assert "Another installation" in await second
    assert await clone.imports("pip", "leaf")


async def test_a_whole_one_is_left_alone_and_an_older_one_brought_up_to_date(
    installed: Clone,
) -> None:
    assert await installed.install() == ""
    with (installed.root / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    assert "up to date" in await installed.install()
    assert installed.builds == 2


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


async def test_a_failure_shows_what_pip_said_and_what_to_do(clone: Clone) -> None:
    (clone.root / WHEEL).unlink()
    text = await failed(clone, "ready")
    assert "leaf==1.0" in text
    assert "connection to a package index" in text
    assert "Traceback" not in text
