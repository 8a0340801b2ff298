"""Who sends a request: the address, the network that its attempts count for, the browser and the device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hmac import compare_digest
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_LONGEST_ADDRESS = 64
"""The longest text with an address: 45 characters of IPv6, brackets, a zone and a port."""
_NETWORK_BITS = 64
"""The bits of an IPv6 address that name a customer (RFC 6177). The customer chooses the rest."""
_LONGEST_ENTRY = 128
"""Bytes of `X-Forwarded-For` that are looked at, from its end."""
USER_AGENT_MAX = 200
"""The characters of `User-Agent` that are read."""
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Client:
    """Who sends a request. `device` is the device token that it shows, unchecked: it may belong to another
    account, or be made up."""

    address: str
    user_agent: str = ""
    device: str | None = None

    @property
    def network(self) -> str:
        """The IPv4 address, or the /64 of an IPv6 one."""
        address = parse_address(self.address)
        if isinstance(address, IPv6Address):
            return str(IPv6Network((address, _NETWORK_BITS), strict=False))
        return self.address if address is None else str(address)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in `text`, which may have brackets, a port or a zone: `[fe80::1%eth0]:443`. An IPv4 address
    that is written as IPv6 (RFC 4291, section 2.5.5.2) is the IPv4 address. None for another text."""
    if len(text) > _LONGEST_ADDRESS or not text.isascii():
        return None
    try:
        address = ip_address(_host(text.strip()))
    except ValueError:
        return None
    return address.ipv4_mapped or IPv6Address(int(address)) if isinstance(address, IPv6Address) else address


def _host(text: str) -> str:
    """The text without brackets and port."""
    if text.startswith("["):
        host, bracket, _ = text[1:].partition("]")
        return host if bracket else ""
    host, colon, port = text.partition(":")
    return host if colon and port.isdigit() else text


class ClientAddresses:
    """Finds the address of a client. The gateway proves with its secret that it wrote `X-Forwarded-For`. The
    last entry is then the client's; the client can make up the earlier ones. Without the secret the address
    is the connection's peer, so nobody else inside can name an address."""

    def __init__(self, gateway_secret: str) -> None:
        self._gateway_secret = gateway_secret.encode()

    def address(self, headers: Mapping[bytes, bytes], peer: str | None) -> str:
        """The address, in its normal form. `headers` have names in lower case."""
        named = self._forwarded(headers) if self._is_from_gateway(headers) else None
        address = named or parse_address(peer or "")
        return str(address) if address else UNKNOWN

    def _is_from_gateway(self, headers: Mapping[bytes, bytes]) -> bool:
        return compare_digest(headers.get(b"x-gateway-secret", b""), self._gateway_secret)

    def _forwarded(self, headers: Mapping[bytes, bytes]) -> IPv4Address | IPv6Address | None:
        entry = headers.get(b"x-forwarded-for", b"")[-_LONGEST_ENTRY:].rpartition(b",")[2]
        return parse_address(entry.decode("latin-1"))
