"""The first and the last requests of the Postman collection. Their tests are in `javascript/story/`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One request, which has to answer `status`. `body` replaces the example of the OpenAPI document. `test`
    names the file of its tests in `javascript/story/`, if that is not the operation's."""

    operation_id: str
    title: str
    status: int = 200
    body: dict[str, Any] | None = None
    as_guest: bool = False
    test: str | None = None


CODE = "{{promo_code}}"
SIGN_IN = {"email": "{{email}}", "password": "{{password}}"}

BEGINNING = (
    Step(
        "register",
        "Create an account",
        201,
        {"name": "{{name}}", "email": "{{email}}", "password": "{{password}}"},
    ),
    Step("login", "Sign in", 200, SIGN_IN),
    Step("create_code", "Ask for a code by mail", 202, {"email": "{{email}}", "purpose": "verify"}),
    Step("list_products", "Find something to buy"),
    Step("add_item", "Put two of it into the cart", 200, {"product_id": "{{product_id}}", "quantity": 2}),
    Step("get_summary", "Read the summary"),
)

GUEST = (
    Step("create_guest", "Look around as a guest", 201),
    Step(
        "add_item",
        "Put three of it into the guest's cart",
        200,
        {"product_id": "{{product_id}}", "quantity": 3},
        as_guest=True,
        test="add_as_guest",
    ),
    Step(
        "merge_guest_cart",
        "See what a merge would do",
        200,
        {"guest_token": "{{guest_token}}", "strategy": "max", "dry_run": True},
        test="merge_dry_run",
    ),
    Step(
        "merge_guest_cart",
        "Merge the guest's cart into one's own",
        200,
        {"guest_token": "{{guest_token}}", "strategy": "sum"},
    ),
    Step("undo_last", "Think better of it"),
    Step(
        "update_cart",
        "Save it for later",
        200,
        {"operations": [{"op": "save", "product_id": "{{product_id}}"}]},
        test="save_for_later",
    ),
    Step(
        "update_cart",
        "Buy it now after all",
        200,
        {"operations": [{"op": "restore", "product_id": "{{product_id}}"}]},
        test="restore_saved",
    ),
    Step("clear_cart", "Clear the cart by mistake"),
    Step("undo_last", "Have it back", test="undo_clear"),
    Step("acknowledge_notices", "Accept what changed since"),
)

ADMIN = (
    Step("login", "Sign in as an admin", 200, {"email": "{{admin_email}}", "password": "{{admin_password}}"}),
    Step("create_promotion", "Make a promo code", 201, {"kind": "percentage", "percent": 10, "code": CODE}),
    Step("put_promo_code", "Put it on the customer's cart", 200, {"code": CODE}),
    Step("add_promotion_use", "Make the use final, as for an order", 200),
    Step("remove_promo_code", "Take it off again"),
)

ENDING = (
    Step("logout", "Sign out on this device", 204),
    Step("login", "Sign in again", 200, SIGN_IN),
    Step("logout_all", "Sign out on every device", 204),
    Step("login", "Sign in for the last time", 200, SIGN_IN),
    Step("delete_me", "Delete the account", 204),
)

BODIES: dict[str, dict[str, Any] | str] = {
    "register": {"name": "{{name}}", "email": "{{$guid}}@example.com", "password": "{{password}}"},
    "login": SIGN_IN,
    "update_user": {"role": "customer"},
    "create_promotion": {"kind": "percentage", "percent": 10, "code": f"{CODE}-2"},
    "import_products": '{"sku": "{{sku}}-2", "name": "Mug", "price": 1299, "currency": "USD", "stock": 10}\n',
}
"""Bodies of operations outside the story. They must not repeat or end the story."""

LAST = ("end_user_sessions", "delete_user")
"""Operations at the end of their folder, in this order: they take away what the others need."""
