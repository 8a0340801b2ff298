"""Size and honesty of the source files."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 300
VAGUE = {"utils.py", "helpers.py", "misc.py", "common.py"}
REGISTRY = re.compile(r"(?i)index[-_]url|find[-_]links|\"resolved\": *\"http|/simple/?[\"' ]")


def tracked(pattern: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]


def test_no_python_file_is_longer_than_300_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in tracked("*.py")}
    assert lengths
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_every_module_has_a_docstring_or_is_empty() -> None:
    without = [
        str(path.relative_to(ROOT))
        for path in tracked("*.py")
        if (text := path.read_text()).strip() and not text.lstrip().startswith(('"""', 'r"""'))
        if "tests" not in path.parts
    ]
    assert without == []


def test_no_module_has_a_name_without_meaning() -> None:
    assert [path for path in tracked("*.py") if path.name in VAGUE] == []


@pytest.mark.parametrize("pattern", ["requirements*.txt", "Dockerfile", "*.toml", "Makefile", "*.json"])
def test_no_file_names_a_package_index(pattern: str) -> None:
    naming = [
        f"{path.relative_to(ROOT)}: {line[:80]}"
        for path in tracked(pattern)
        for line in path.read_text().splitlines()
        if REGISTRY.search(line)
    ]
    assert naming == []


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt", "requirements-dataset.txt"])
def test_every_locked_requirement_has_a_hash(lock: str) -> None:
    requirements = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    assert [line for line in requirements if "==" in line and "--hash=sha256:" not in line] == []
    assert any("==" in line for line in requirements)
