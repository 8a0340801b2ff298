"""Completion at the prompt."""

from __future__ import annotations

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from typer.main import get_command

from trolley.cli import app
from trolley.cli.completion import SUBJECTS, known_routes
from trolley.cli.prompt import CommandCompleter, Described, describe
from trolley.openapi.operations import operations_of

OPENAPI = {
    "paths": {
        "/api/v1/cart/items": {"post": {"summary": "Add to the cart"}, "parameters": []},
        "/api/v1/products": {"get": {"summary": "List products"}, "post": {}},
    }
}
ROOT = Described(
    ("--help",),
    {
        "call": Described(("--as", "--data", "--help"), {}),
        "events": Described(("--subject", "--help"), {}, {"--subject": lambda: SUBJECTS}),
        "services": Described(("--help",), {}),
        "users": Described(("--help",), {"create": Described(("--admin", "--help"), {})}),
    },
)


@pytest.fixture
def completer() -> CommandCompleter:
    return CommandCompleter(ROOT, operations_of(OPENAPI))


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("", ["call", "events", "services", "users"]),
        ("ca", ["call"]),
        ("users ", ["create", "--help"]),
        ("users create --a", ["--admin"]),
        ("call P", ["POST", "PUT", "PATCH"]),
        ("call post /", ["/api/v1/cart/items", "/api/v1/products"]),
        ("call GET /api", ["/api/v1/products"]),
        ("call GET /pro", ["/api/v1/products"]),
        ("call GET /api/v1/products --", ["--as", "--data", "--help"]),
        ("nonsense", []),
        ("services ", ["--help", "cart", "products"]),
        ("events --subject shop.c", ["shop.cart.>"]),
    ],
)
def test_it_offers_what_can_follow(completer: CommandCompleter, typed: str, offered: list[str]) -> None:
    found = completer.get_completions(Document(typed), CompleteEvent())
    assert [completion.text for completion in found] == offered


def test_a_route_is_offered_with_its_summary(completer: CommandCompleter) -> None:
    found = list(completer.get_completions(Document("call POST /api/v1/cart"), CompleteEvent()))
    assert [completion.display_meta_text for completion in found] == ["Add to the cart"]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("call GET /cart --as ", {"guest", "admin"}),
        ("users promote a@example.com --as g", {"guest"}),
        ("events --subject shop.p", {"shop.product.>", "shop.promotion.>"}),
        ("run --scale c", {"cart="}),
        ("seed --dataset ", {"demo", "completejourney"}),
        ("bench GET /api/v1/cart/s", {"/api/v1/cart/summary"}),
        ("emit shop.ca", {"shop.cart."}),
    ],
)
def test_what_follows_an_option_is_offered(typed: str, offered: set[str]) -> None:
    completer = CommandCompleter(describe(get_command(app)), known_routes())
    found = {completion.text for completion in completer.get_completions(Document(typed), CompleteEvent())}
    assert offered <= found
    assert all(text.startswith(typed.rpartition(" ")[2]) for text in found)
