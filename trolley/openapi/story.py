"""What the Postman collection plays first and last. What a step must come to is in `javascript/story/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One request, which has to answer `status`. `body` replaces the example of the OpenAPI document."""

    operation_id: str
    title: str
    status: int = 200
    body: dict[str, Any] | None = None


BEGINNING = (
    Step(
        "register",
        "Create an account",
        201,
        {"name": "{{name}}", "email": "{{email}}", "password": "{{password}}"},
    ),
    Step("login", "Sign in"),
    Step("list_products", "Find something to buy"),
    Step("add_item", "Put two of it into the cart", 200, {"product_id": "{{product_id}}", "quantity": 2}),
    Step("get_summary", "Read the summary"),
)

ENDING = (
    Step("logout", "Sign out on this device", 204),
    Step("login", "Sign in again"),
    Step("logout_all", "Sign out on every device", 204),
    Step("login", "Sign in for the last time"),
    Step("delete_me", "Delete the account", 204),
)

BODIES = {"register": {"name": "{{name}}", "email": "{{$guid}}@example.com", "password": "{{password}}"}}
"""Bodies of operations outside the story that must not be what the story sent already."""
