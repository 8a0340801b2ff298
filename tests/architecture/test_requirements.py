"""What is locked, and what the image holds of it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]


def names(requirements: list[str]) -> set[str]:
    found = [re.match(r"[A-Za-z0-9._-]+", line) for line in requirements]
    return {match[0].lower() for match in found if match}


@pytest.mark.parametrize("requirement", EXTRAS["tracing"])
def test_what_exports_traces_is_locked_with_the_rest(requirement: str) -> None:
    locked = names((ROOT / "requirements.txt").read_text().splitlines())
    assert names([requirement]) <= locked


def test_the_image_holds_all_that_is_locked() -> None:
    steps = (ROOT / "Dockerfile").read_text().splitlines()
    [copied] = [line for line in steps if line.startswith("COPY requirements")]
    [installed] = [line for line in steps if line.startswith("RUN pip ")]
    assert copied.split() == ["COPY", "requirements.txt", "/tmp/"]
    assert installed.endswith("-r /tmp/requirements.txt")


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt", "requirements-dataset.txt"])
def test_what_python_jose_asks_for_and_never_imports_is_not_locked(lock: str) -> None:
    """An advisory on ecdsa will not be fixed. With `cryptography` none of the three is used."""
    assert not {"ecdsa", "rsa", "pyasn1"} & names((ROOT / lock).read_text().splitlines())
