"""The NATS accounts of the services, as in `nats/nats.conf`.

Each service has an account of its own, with its streams and buckets. It reaches a stream of another account
under that account's name, as far as the server's configuration allows. A NATS without these accounts, as in
most tests, has one account for everything, and every stream belongs to whoever uses it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

SHOP, PRODUCTS, CART = "SHOP", "PRODUCTS", "CART"

WHOSE_ACCOUNT = "$SYS.REQ.USER.INFO"
"""The server answers with the user and account of the asker."""

_OWNERS = {
    "SHOP": SHOP,
    "SHOP_DEAD": SHOP,
    "KV_auth_keys": SHOP,
    "KV_auth_revocations": SHOP,
    "KV_products": PRODUCTS,
    "KV_cart_versions": CART,
    "KV_leases": CART,
    "KV_promotions": CART,
    "KV_stream_tickets": CART,
}


def owner_of(stream: str, account: str) -> str:
    """The account with this stream, seen from `account`."""
    return _OWNERS.get(stream, account) if account in (SHOP, PRODUCTS, CART) else account


def api_subject(endpoint: str, account: str) -> str:
    """The subject of a request to JetStream's API. `endpoint` is `STREAM.INFO.<stream>` or the like."""
    owner = owner_of(_stream_of(endpoint), account)
    return f"$JS.API.{endpoint}" if owner == account else f"{owner}.JS.API.{endpoint}"


def _stream_of(endpoint: str) -> str:
    _kind, action, *rest = endpoint.split(".")
    return rest[1] if action == "MSG" else rest[0]


def inbox_prefix(address: str) -> bytes:
    """The prefix of this user's reply subjects. A user may not read those of another user of the account."""
    user = urlsplit(address).username or ""
    return f"_INBOX_{user}".encode() if user.isalnum() else b"_INBOX"
