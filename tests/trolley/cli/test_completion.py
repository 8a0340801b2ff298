"""Completion of the user's shell."""

from __future__ import annotations

from trolley.cli.completion import complete_method, complete_scale, complete_subject


def test_the_shell_completes_methods_services_and_subjects() -> None:
    assert complete_method("p") == ["POST", "PUT", "PATCH"]
    assert complete_scale("") == ["auth=", "products=", "cart="]
    assert complete_subject("shop.u") == ["shop.user."]
