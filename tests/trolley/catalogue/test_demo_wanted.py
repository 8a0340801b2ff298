"""The conditions under which a new shop gets the demo catalogue."""

from __future__ import annotations

import pytest

from trolley.catalogue import demo_wanted
from trolley.errors import CommandFailed


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, True),
        ({"SEED_DEMO": "", "ENVIRONMENT": "development"}, True),
        ({"SEED_DEMO": "False"}, False),
        ({"ENVIRONMENT": "production"}, False),
        ({"ENVIRONMENT": "production", "SEED_DEMO": "true"}, True),
    ],
)
def test_everywhere_but_in_production_unless_something_else_is_said(
    environment: dict[str, str], wanted: bool
) -> None:
    assert demo_wanted(environment) is wanted


def test_anything_else_is_named() -> None:
    with pytest.raises(CommandFailed, match=r"SEED_DEMO .*'perhaps'"):
        demo_wanted({"SEED_DEMO": "perhaps"})
