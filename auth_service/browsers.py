"""Browsers that keep their session in cookies, which no script can read (RFC 10017).

A hostile script on a page cannot take such a refresh token away. The prefix `__Host-` ties a cookie to this
host over TLS: no other host and no connection without TLS can set it (RFC 6265bis, section 4.1.3). A browser
also adds cookies to requests that a page of another site makes, so a request that uses or sets them must come
from a page that may call the shop.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import Depends, Request, Response

from shared.errors import NotAuthenticated, PermissionDenied
from shared.http.headers import headers_of
from shared.http.runtime import provided

Mode = Literal["bearer", "cookie"]
"""How a client keeps its session: an app has the refresh token itself, a page leaves it to the browser."""

REFRESH_COOKIE = "__Host-trolley-refresh"
DEVICE_COOKIE = "__Host-trolley-device"

_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
_DEVICE_SECONDS = 365 * 86_400
"""The life of a device token."""

_LONGEST_COOKIE = 4096
"""Browsers keep no longer one (RFC 6265bis, section 5.7)."""
_LONGEST_ORIGIN = 300
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


class CrossSiteRequest(PermissionDenied):
    code, title = "cross-site-request", "Page may not use the session cookie"
    detail = (
        "Cookies count only if a page of the shop's own site sends the request, and GATEWAY_CORS_ORIGINS "
        "lists its origin. Send the header Origin, as browsers do, or use the mode bearer."
    )


def refresh_cookie(token: str, seconds: int) -> str:
    """The value of `Set-Cookie`. `seconds` is the longest life that is left to the session."""
    return f"{REFRESH_COOKIE}={token}; Max-Age={seconds}; {_ATTRIBUTES}"


def device_cookie(token: str) -> str:
    """The value of `Set-Cookie`."""
    return f"{DEVICE_COOKIE}={token}; Max-Age={_DEVICE_SECONDS}; {_ATTRIBUTES}"


NO_REFRESH_COOKIE = refresh_cookie("", 0)
"""The value of `Set-Cookie` that removes the refresh token."""
_NO_DEVICE_COOKIE = f"{DEVICE_COOKIE}=; Max-Age=0; {_ATTRIBUTES}"


def cookie_of(request: Request, name: str) -> str | None:
    """The cookie's value. Empty if it is too long, or sent twice with different values: which one is meant
    cannot be told. HTTP/2 may split the header into several lines (RFC 9113, section 8.2.3)."""
    lines = [value for header, value in request.scope["headers"] if header == b"cookie"]
    pairs = (pair.strip().partition(b"=") for line in lines for pair in line.split(b";"))
    values = {value for given, _, value in pairs if given == name.encode()}
    if not values:
        return None
    [value, *others] = values
    return value.decode("latin-1") if not others and len(value) <= _LONGEST_COOKIE else ""


class AllowedOrigins:
    """The origins whose pages may use the cookies: those of GATEWAY_CORS_ORIGINS, as the gateway compares
    them, and the shop's own. `:*` at the end of a listed origin stands for any port, or none."""

    def __init__(self, listed: str) -> None:
        entries = [entry.strip() for entry in listed.split(",") if entry.strip()]
        self._exact = {entry for entry in entries if not entry.endswith(":*")}
        self._any_port = {entry.removesuffix(":*") for entry in entries if entry.endswith(":*")}

    def allows(self, origin: str, host: str) -> bool:
        """`host` is the authority that the request was sent to."""
        parts = _ORIGIN.fullmatch(origin) if len(origin) <= _LONGEST_ORIGIN else None
        if parts is None:
            return False
        scheme, name, port = parts.groups(default="")
        own = f"{name}{port}".removesuffix(_DEFAULT_PORTS[scheme])
        return (
            origin in self._exact
            or f"{scheme}://{name}" in self._any_port
            or own == host.lower().removesuffix(_DEFAULT_PORTS[scheme])
        )


class Browser:
    """The cookies of a request and its answer, and where the page is that sent it."""

    def __init__(self, request: Request, response: Response, origins: AllowedOrigins) -> None:
        self._request = request
        self._response = response
        self._origins = origins

    @property
    def refresh_token(self) -> str | None:
        """The token of the cookie, as it was sent; None without the cookie."""
        return cookie_of(self._request, REFRESH_COOKIE)

    def forget(self, session_id: str | None = None) -> None:
        """Removes the cookie from a browser that sent it: that of this session, or without an id that of any
        session."""
        token = self.refresh_token
        if token is not None and session_id in (None, token.partition(".")[0]):
            self._response.headers.append("Set-Cookie", NO_REFRESH_COOKIE)

    def forget_device(self, user_id: str) -> None:
        """Removes the device token of this user from a browser that sent it."""
        token = cookie_of(self._request, DEVICE_COOKIE)
        if token is not None and token.partition(".")[0] == user_id:
            self._response.headers.append("Set-Cookie", _NO_DEVICE_COOKIE)

    def require_own_page(self, mode: Mode = "cookie") -> None:
        """Raises `CrossSiteRequest` if a page of another site sent a request in cookie mode.

        Browsers send `Origin` with each POST, and current ones `Sec-Fetch-Site`, and no script can change
        either (Fetch standard). A cookie with `SameSite=Lax` is not sent across sites anyway.
        """
        if mode != "cookie":
            return
        headers = headers_of(self._request)
        site = headers.get(b"sec-fetch-site")
        if site not in (None, b"same-origin", b"same-site"):
            raise CrossSiteRequest
        origin = headers.get(b"origin")
        if origin is None and site == b"same-origin":
            return
        host = headers.get(b"host", b"").decode("latin-1")
        if origin is None or not self._origins.allows(origin.decode("latin-1"), host):
            raise CrossSiteRequest


@contextmanager
def cookie_cleared_on_refusal() -> Iterator[None]:
    """Removes the refresh cookie if the session has ended, or never was."""
    try:
        yield
    except NotAuthenticated as error:
        error.headers["Set-Cookie"] = NO_REFRESH_COOKIE
        raise


OriginsDep = Annotated[AllowedOrigins, Depends(provided(AllowedOrigins))]


async def browser(request: Request, response: Response, origins: OriginsDep) -> Browser:
    return Browser(request, response, origins)


BrowserDep = Annotated[Browser, Depends(browser)]
