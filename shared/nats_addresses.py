"""Addresses of NATS servers, as `NATS_URL` holds them: several with commas, each with or without
credentials."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit


def split_addresses(urls: str) -> list[str]:
    """The addresses, each with a scheme."""
    parts = [part.strip() for part in urls.split(",") if part.strip()]
    return [part if "://" in part else f"nats://{part}" for part in parts]


def without_credentials(addresses: Iterable[str]) -> str:
    """The addresses fit for a log: user, password and token left out."""
    return ", ".join(_host_and_port(address) for address in addresses)


def _host_and_port(address: str) -> str:
    return urlsplit(address).netloc.rpartition("@")[2]
