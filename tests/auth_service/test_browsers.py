"""Which pages may use the cookies, and which cookie was meant."""

from __future__ import annotations

import pytest
from fastapi import Request

from auth_service.browsers import REFRESH_COOKIE, AllowedOrigins, cookie_of

ORIGINS = AllowedOrigins(
    "https://shop.example, https://admin.example:8443,http://localhost:*,,https://[2001:db8::1]:*"
)
HOST = "api.example"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://shop.example", HOST),
        ("https://admin.example:8443", HOST),
        ("http://localhost", HOST),
        ("http://localhost:5173", HOST),
        ("https://[2001:db8::1]:9", HOST),
        ("https://api.example", "api.example"),
        ("https://api.example", "API.example:443"),
        ("http://api.example", "api.example:80"),
        ("http://127.0.0.1:3000", "127.0.0.1:3000"),
        ("http://[::1]:3000", "[::1]:3000"),
    ],
)
def test_listed_origins_and_the_shops_own_may(origin: str, host: str) -> None:
    assert ORIGINS.allows(origin, host)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("null", HOST),
        ("", HOST),
        ("", ""),
        ("*", HOST),
        ("https://evil.example", HOST),
        ("http://shop.example", HOST),
        ("https://shop.example:444", HOST),
        ("https://shop.example.evil.example", HOST),
        ("https://evilshop.example", HOST),
        ("https://shop.example/", HOST),
        ("https://shop.example@evil.example", HOST),
        ("https://shop.example, https://evil.example", HOST),
        ("https://localhost:5173", HOST),
        ("http://localhost:", HOST),
        ("http://localhost:123456", HOST),
        ("http://localhost.evil.example:80", HOST),
        ("http://localhost:80.evil.example", HOST),
        ("https://api.example:444", "api.example"),
        ("https://api.example", "api.example:80"),
        ("ftp://api.example", HOST),
        ("https://" + "x" * 400, "x" * 400),
        ("https://shop.example\n", HOST),
        ("https://SHOP.example", HOST),
    ],
)
def test_other_pages_may_not(origin: str, host: str) -> None:
    assert not ORIGINS.allows(origin, host)


@pytest.mark.parametrize("listed", ["", "*", " , ", "https://*.example"])
def test_no_list_allows_pages_of_anywhere(listed: str) -> None:
    assert not AllowedOrigins(listed).allows("https://evil.example", HOST)
    assert AllowedOrigins(listed).allows("https://api.example", HOST)


def request(*cookies: bytes) -> Request:
    return Request({"type": "http", "headers": [(b"cookie", line) for line in cookies]})


NAME = REFRESH_COOKIE.encode()


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ([], None),
        ([b"a=b; c"], None),
        ([b"trolley-refresh=x"], None),
        ([NAME + b"=x.y"], "x.y"),
        ([b"a=b; " + NAME + b"=x.y ;c=d"], "x.y"),
        ([b"a=b", NAME + b"=x.y"], "x.y"),
        ([b"a=" + NAME + b"=x"], None),
        ([NAME], ""),
        ([NAME + b"="], ""),
        ([NAME + b"=x; " + NAME + b"=x"], "x"),
        ([NAME + b"=x; " + NAME + b"=y"], ""),
        ([NAME + b"=x", NAME + b"=y"], ""),
        ([NAME + b"=" + b"x" * 4097], ""),
        ([NAME + b"=\xff"], "\xff"),
        ([b";;;=;" + NAME + b"=x;"], "x"),
    ],
)
def test_a_cookie_is_read_if_it_is_one(lines: list[bytes], value: str | None) -> None:
    assert cookie_of(request(*lines), REFRESH_COOKIE) == value
