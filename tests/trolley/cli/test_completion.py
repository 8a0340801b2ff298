"""Completion of the user's shell."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.terminal import Terminal
from trolley.cli.completion import complete_method, complete_scale, complete_subject


def test_the_shell_completes_methods_services_and_subjects() -> None:
    assert complete_method("p") == ["POST", "PUT", "PATCH"]
    assert complete_scale("") == ["auth=", "products=", "cart="]
    assert complete_subject("shop.u") == ["shop.user."]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("trolley call P", {"POST", "PUT", "PATCH"}),
        ("trolley call GET /cart/s", {"/cart/summary"}),
        ("trolley call GET /cart --as ", {"guest", "admin"}),
        ("trolley users promote a@example.com --as a", {"admin"}),
        ("trolley seed --as a", {"admin"}),
        ("trolley run --scale c", {"cart="}),
        ("trolley emit shop.ca", {"shop.cart."}),
    ],
)
async def test_the_user_s_own_shell_is_told_what_can_follow(
    tmp_path: Path, typed: str, offered: set[str]
) -> None:
    """Completes as the script of `--install-completion` does in bash."""
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" ")), "_TROLLEY_COMPLETE": "complete_bash"}
    result = await Terminal(tmp_path, asked).run()
    assert set(result.output.split()) == offered, result
