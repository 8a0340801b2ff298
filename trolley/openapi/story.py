"""What the Postman collection plays, in order. What each step must have come to is in `javascript/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One request of the story. `body` replaces the example of the OpenAPI document."""

    operation_id: str
    title: str
    body: dict[str, Any] | None = None


STORY = (
    Step(
        "register",
        "Create an account",
        {"name": "{{name}}", "email": "{{email}}", "password": "{{password}}"},
    ),
    Step("login", "Sign in"),
    Step("list_products", "Find something to buy"),
    Step("add_item", "Put two of it into the cart", {"product_id": "{{product_id}}", "quantity": 2}),
    Step("get_summary", "Read the summary"),
)

LAST_IN_FOLDER = ("logout", "logout_all", "delete_me")
"""Operations that end the session of the run."""

SKIPPED_BY_A_RUNNER = ("stream_events",)
"""Operations whose answer never ends."""
