"""Every collection of the shop."""

from __future__ import annotations

from auth_service.accounts.store import EMAIL_CLAIMS, USERS
from auth_service.keys.store import SIGNING_KEYS
from auth_service.sessions.store import SESSIONS
from cart_service.carts.store import CARTS
from cart_service.promotions.store import PROMOTION_CLAIMS, PROMOTION_TALLIES, PROMOTIONS
from product_service.products.store import PRODUCTS
from shared.store.ports import Collection

COLLECTIONS: tuple[Collection, ...] = (
    *(USERS, EMAIL_CLAIMS, SESSIONS, SIGNING_KEYS),
    PRODUCTS,
    *(CARTS, PROMOTIONS, PROMOTION_CLAIMS, PROMOTION_TALLIES),
)
