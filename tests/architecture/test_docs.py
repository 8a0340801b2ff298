"""The pages under docs/ fit one another."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
TEST = re.compile(r"`([\w/]+/test_\w+\.py)(?:::(\w+))?`")
LINK = re.compile(r"\[([^\]]*)\]\((?!https?:)([^)#]+)[^)]*\)")


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_a_visitor_finds_the_pages_that_every_project_has(name: str) -> None:
    assert (ROOT / name) in PAGES
    if name != "README.md":
        assert f"]({name})" in (ROOT / "README.md").read_text()


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(page.name.partition("-")[0]) for page in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_the_number_of_its_file(page: Path) -> None:
    assert page.read_text().startswith(f"# {int(page.name.partition('-')[0])}. ")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_link_leads_to_a_file_and_a_decision_by_its_number(page: Path) -> None:
    for text, target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target
        if number := re.fullmatch(r"decision (\d+)", text):
            assert Path(target).name.startswith(f"{int(number[1]):03d}-"), text


def test_the_tests_that_the_threat_model_names_exist() -> None:
    named = TEST.findall((ROOT / "docs" / "security.md").read_text())
    assert len(named) > 50
    for file, function in named:
        path = file if file.startswith("tests/") else f"tests/{file}"
        assert f"def {function}" in (ROOT / path).read_text(), f"{path}::{function}"
