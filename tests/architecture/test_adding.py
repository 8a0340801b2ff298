"""docs/adding.md names files that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adding.md").read_text()
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n?)+)", PAGE, re.M))
FILES = sorted(set(re.findall(r"`([\w.-]+/[\w./-]+|[\w-]*\.\w+\.?\w*)`", PAGE)))
NAMES_IN_CODE = re.compile(r"_?[A-Z]\w+\.\w+|line\.product|main\.py")


def test_every_kind_of_addition_has_a_list() -> None:
    assert list(SECTIONS) == [
        *("A field", "A route", "An event", "A setting", "A background task"),
        *("A query of the store", "A whole feature"),
    ]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_steps_are_numbered_and_begin_with_a_file(section: str) -> None:
    steps = re.findall(r"^(\d+)\. `([^`]+)`", SECTIONS[section], re.M)
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    assert len(steps) >= 4
    assert [file for _, file in steps if not (ROOT / file).is_file()] == []


@pytest.mark.parametrize("file", [file for file in FILES if not NAMES_IN_CODE.fullmatch(file)])
def test_a_named_file_or_folder_exists(file: str) -> None:
    assert (ROOT / file).exists()


def test_a_product_field_takes_few_files() -> None:
    assert len(re.findall(r"^\d+\. ", SECTIONS["A field"], re.M)) <= 6
