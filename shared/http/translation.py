"""Errors in the words of another standard, for a route that follows one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from shared.errors import ShopError

Endpoint = TypeVar("Endpoint", bound=Callable[..., object])
Translate = Callable[[Exception], ShopError | None]
"""Takes what was raised, and gives what the client is told instead; None where nothing changes."""

_ATTRIBUTE = "translate_error"


def errors_translated(translate: Translate) -> Callable[[Endpoint], Endpoint]:
    """Decorates an endpoint. What is raised for its request, also before it runs, is translated."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ATTRIBUTE, translate)
        return endpoint

    return mark


def translation_of(endpoint: Callable[..., object]) -> Translate | None:
    translate: Translate | None = getattr(endpoint, _ATTRIBUTE, None)
    return translate
