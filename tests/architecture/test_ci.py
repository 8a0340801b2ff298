"""What `.ci/run` holds every change to."""

from __future__ import annotations

import os
import re

import pytest

from tests.support.terminal import ROOT

COMMANDS = re.findall(r"^ *(make \w+|\.ci/\w+)", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    "command",
    [
        "make lint",
        "make test",
        "make browser",
        "make chaos",
        ".ci/lint_openapi",
        ".ci/compose_smoke",
        ".ci/compose_scaling",
        ".ci/compose_faults",
    ],
)
def test_a_change_has_to_pass_it(command: str) -> None:
    assert command in COMMANDS
    if command.startswith(".ci/"):
        assert os.access(ROOT / command, os.X_OK)
