"""What a request says about its sender."""

from __future__ import annotations

import pytest

from auth_service.accounts.dependencies import readable_user_agent
from auth_service.clients import USER_AGENT_MAX


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (X11; Linux x86_64)"),
        ("x\x9b31m\x85y", "x31my"),
        ("a\tb\x00\x1b[31m\x7f", "ab[31m"),
        ("Café/1", "Café/1"),
        ("a\u202eb\u2066c\u200f\u061c\u2028", "abc"),
        ("a\ud800b", "ab"),
        ("  a  ", "a"),
        ("", ""),
    ],
)
def test_a_user_agent_is_kept_without_control_characters(header: str, kept: str) -> None:
    assert readable_user_agent(header) == kept


def test_a_user_agent_is_cut_before_it_is_read() -> None:
    assert readable_user_agent("x" * 10_000_000) == "x" * USER_AGENT_MAX
    assert readable_user_agent("\x9b" * USER_AGENT_MAX + "x") == ""
