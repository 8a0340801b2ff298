"""Addresses of servers, as settings hold them. What is none is refused without being shown: it may hold a
password."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit


def check_address(address: str, schemes: Collection[str], example: str, *, needs_port: bool = False) -> None:
    """Raises ValueError with the example for what a client of that server could not use."""
    if not _is_address(address, schemes, needs_port):
        raise ValueError(f"is no address of such a server, which looks like {example}")


def _is_address(address: str, schemes: Collection[str], needs_port: bool) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and (port is not None or not needs_port)
