"""The idempotency keys that a cart remembers (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

from dataclasses import dataclass

from cart_service.carts.errors import IdempotencyKeyReused

REMEMBERED_KEYS = 64


@dataclass(frozen=True, slots=True)
class UsedKey:
    """An idempotency key that was accepted, and the fingerprint of the request it came with."""

    key: str
    fingerprint: str


def is_repeated(used_keys: tuple[UsedKey, ...], key: str, fingerprint: str) -> bool:
    """Whether this request was accepted before. Raises `IdempotencyKeyReused` when another one was."""
    for used in used_keys:
        if used.key == key:
            if used.fingerprint != fingerprint:
                raise IdempotencyKeyReused(
                    f"The Idempotency-Key {key!r} came with another request before. Use a fresh key."
                )
            return True
    return False


def remembering(used_keys: tuple[UsedKey, ...], key: str, fingerprint: str) -> tuple[UsedKey, ...]:
    """With one more key, and without the oldest past `REMEMBERED_KEYS`."""
    return (*used_keys, UsedKey(key, fingerprint))[-REMEMBERED_KEYS:]
