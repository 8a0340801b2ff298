"""Ports of the use cases of signing keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from auth_service.keys.model import SigningKey, SigningKeyring
from shared.aggregates.ports import Repository


class SigningKeyringRepository(Repository[SigningKeyring], Protocol): ...


class TokenSigner(Protocol):
    """Holds the secret that seals private keys."""

    def generate(self, active_from: datetime) -> SigningKey: ...

    def open(self, key: SigningKey) -> None:
        """Makes the key ready to sign. Raises `WrongSecret` when it was sealed with another secret."""
        ...

    def sign(self, key: SigningKey, claims: Mapping[str, Any]) -> str:
        """A compact JWS (RFC 7515), with the key's id in its header."""
        ...


class KeyPublisher(Protocol):
    """Publishes the public keys for verifiers."""

    async def publish(self, current: Sequence[SigningKey], retired: Sequence[SigningKey]) -> None:
        """Makes the current keys known, and the retired ones unknown. Raises `BusUnavailable`."""
        ...
