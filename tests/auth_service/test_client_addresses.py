"""Only the gateway names a client's address."""

from __future__ import annotations

import pytest

from auth_service.clients import ClientAddresses

SECRET = "a secret of the gateway"
ADDRESSES = ClientAddresses(SECRET)
PEER = "198.51.100.7"
PROOF = {b"x-gateway-secret": SECRET.encode()}


def address(forwarded: str | bytes, proof: dict[bytes, bytes] = PROOF, peer: str | None = PEER) -> str:
    raw = forwarded if isinstance(forwarded, bytes) else forwarded.encode()
    return ADDRESSES.address({**proof, b"x-forwarded-for": raw}, peer)


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("203.0.113.5, 192.0.2.1", "192.0.2.1"),
        ("203.0.113.5,unknown,192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1:50000", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:DB8:0::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        (f"{'203.0.113.5, ' * 100_000}192.0.2.1", "192.0.2.1"),
    ],
)
def test_the_gateway_names_the_client_in_the_last_entry(forwarded: str, client: str) -> None:
    assert address(forwarded) == client


@pytest.mark.parametrize(
    "forwarded",
    [
        "",
        ",",
        "192.0.2.1,",
        "unknown",
        "_hidden",
        "192.0.2.256",
        "192.0.2.1 203.0.113.5",
        "[2001:db8::1",
        "9" * 10**6,
        "192.0.2.1" + " " * 200,
        "١٩٢.0.2.1",
        "192.0.2.1%0",
        "1" * 64,
        "::ffff:192.0.2.256",
        "%eth0",
        "[]:80",
        ":443",
    ],
)
def test_an_entry_without_an_address_leaves_the_connection_s_peer(forwarded: str) -> None:
    assert address(forwarded) == PEER


def test_bytes_that_are_no_text_leave_the_connection_s_peer() -> None:
    assert address(b"\xff\xfe\x00192.0.2.1\x00") == PEER


@pytest.mark.parametrize(
    "proof",
    [
        {},
        {b"x-gateway-secret": b""},
        {b"x-gateway-secret": b"forged"},
        {b"x-gateway-secret": SECRET.encode() + b"x"},
        {b"x-gateway-secret": SECRET.upper().encode()},
        {b"x-gateway-secret": f"{SECRET}, {SECRET}".encode()},
        {b"x-gateway-secret": "ünïcode".encode("latin-1")},
        {b"x_gateway_secret": SECRET.encode()},
    ],
)
def test_nobody_else_names_an_address(proof: dict[bytes, bytes]) -> None:
    assert address("192.0.2.1", proof) == PEER


@pytest.mark.parametrize(
    ("peer", "client"),
    [("::ffff:198.51.100.7", PEER), ("::1", "::1"), (None, "unknown"), ("testclient", "unknown")],
)
def test_a_direct_connection_counts_by_its_peer(peer: str | None, client: str) -> None:
    assert address("192.0.2.1", {}, peer) == client
    assert ADDRESSES.address({}, peer) == client
