"""`make` for people and for pipes."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.support.terminal import ROOT

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def test_the_list_of_targets_has_no_colours_in_a_pipe_and_names_every_one() -> None:
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "\x1b" not in listed
    described = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {line.split()[0] for line in listed.splitlines()} == described
