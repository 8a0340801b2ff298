"""Completion in the user's shell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson
import typer

import shared.http
from trolley.local.programs import MODULES
from trolley.openapi.operations import METHODS, ApiOperation, operations_of

EVERYTHING = "shop.>"
SUBJECTS = {
    EVERYTHING: "everything",
    "shop.cart.>": "carts",
    "shop.product.>": "products",
    "shop.promotion.>": "promo codes",
    "shop.session.>": "ended sessions",
    "shop.user.>": "accounts",
}
"""The subjects of the shop's events that `trolley events` can follow, with their meanings."""


def known_routes() -> list[ApiOperation]:
    """The routes of this release, from its API document."""
    document = Path(shared.http.__file__).with_name("openapi.json")
    return operations_of(orjson.loads(document.read_bytes()))


def complete_method(incomplete: str) -> list[str]:
    return [method.upper() for method in METHODS if method.upper().startswith(incomplete.upper())]


def complete_path(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    method = str(ctx.params.get("method") or "")
    return [
        # The user's shell only takes completions that begin with the typed word.
        (path if path.startswith(incomplete) else path.removeprefix("/api/v1"), summary)
        for path, summary in paths_of(known_routes(), method)
        if continues(path, incomplete)
    ]


def complete_pattern(incomplete: str) -> list[tuple[str, str]]:
    return [(subject, meaning) for subject, meaning in SUBJECTS.items() if subject.startswith(incomplete)]


def complete_subject(incomplete: str) -> list[str]:
    stems = (subject.removesuffix(">") for subject in SUBJECTS)
    return [stem for stem in stems if stem != "shop." and stem.startswith(incomplete)]


def complete_scale(incomplete: str) -> list[str]:
    return [f"{service}=" for service in MODULES if f"{service}=".startswith(incomplete)]


def paths_of(routes: Iterable[ApiOperation], method: str) -> Iterator[tuple[str, str]]:
    yield from ((route.path, route.summary) for route in routes if route.method == method.lower())


def continues(path: str, word: str) -> bool:
    """Whether the path begins with the word, in full or without /api/v1, as `call` takes it."""
    return path.startswith((word, f"/api/v1{word}"))
