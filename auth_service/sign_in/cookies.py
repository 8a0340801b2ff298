"""The cookies of a browser that signed in with `mode: "cookie"`.

Scripts cannot read them (`HttpOnly`), so a hostile script on a page cannot take the refresh token away. The
prefix `__Host-` ties a cookie to this host over TLS: no other host, and no page without TLS, can set it
(RFC 6265bis, section 4.1.3; RFC 10017, section 6.1).
"""

from __future__ import annotations

from auth_service.throttling.devices import DEVICE_COOKIE, DEVICE_TOKEN_LIFE

REFRESH_COOKIE = "__Host-trolley-refresh"

_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"
_DEVICE_SECONDS = int(DEVICE_TOKEN_LIFE.total_seconds())


def refresh_cookie(token: str, seconds: int) -> str:
    """The value of `Set-Cookie`. `seconds` is the longest life that is left to the session."""
    return f"{REFRESH_COOKIE}={token}; Max-Age={seconds}; {_ATTRIBUTES}"


def device_cookie(token: str) -> str:
    return f"{DEVICE_COOKIE}={token}; Max-Age={_DEVICE_SECONDS}; {_ATTRIBUTES}"


NO_REFRESH_COOKIE = refresh_cookie("", 0)
"""The value of `Set-Cookie` that removes the refresh token."""
