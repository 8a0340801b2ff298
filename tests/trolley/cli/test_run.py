"""What `trolley run` is told and tells."""

from __future__ import annotations

import pytest

from trolley.cli.run import parse_scale
from trolley.errors import CommandFailed


def test_scale_names_services_and_counts() -> None:
    assert parse_scale(["cart=3", "auth=2"]) == {"cart": 3, "auth": 2}


@pytest.mark.parametrize("entry", ["cart", "cart=", "cart=0", "cart=99", "cart=-1", "basket=2", "=3"])
def test_a_scale_that_makes_no_sense_is_refused_with_an_example(entry: str) -> None:
    with pytest.raises(CommandFailed, match=r"as in cart=3"):
        parse_scale([entry])
