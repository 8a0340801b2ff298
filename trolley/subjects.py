"""The subjects of the shop's facts. Completion needs them alone, without what follows them."""

from __future__ import annotations

EVERYTHING = "shop.>"
SUBJECTS = {
    EVERYTHING: "everything",
    "shop.cart.>": "carts",
    "shop.product.>": "products",
    "shop.promotion.>": "promo codes",
    "shop.session.>": "ended sessions",
    "shop.user.>": "accounts",
}
"""What can be followed, in words."""
