"""Addresses of servers in settings. They may hold passwords, so no message shows a whole address."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from urllib.parse import urlsplit


def check_address(address: str, schemes: Collection[str], example: str, *, needs_port: bool = False) -> None:
    """Raises ValueError, with the example, for an address that a client of that server cannot use."""
    if not _is_address(address, schemes, needs_port):
        raise ValueError(f"is no address of such a server, which looks like {example}")


def _is_address(address: str, schemes: Collection[str], needs_port: bool) -> bool:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.hostname) and (port is not None or not needs_port)


def split_addresses(urls: str) -> list[str]:
    """The addresses, each with a scheme."""
    parts = [part.strip() for part in urls.split(",") if part.strip()]
    return [part if "://" in part else f"nats://{part}" for part in parts]


def without_credentials(addresses: Iterable[str]) -> str:
    """The addresses for a log, without user, password and token."""
    return ", ".join(_host_and_port(address) for address in addresses)


def _host_and_port(address: str) -> str:
    return urlsplit(address).netloc.rpartition("@")[2]
