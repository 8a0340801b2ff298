"""The refusals of sessions.

NotAuthenticated   ├── InvalidRefreshToken      unknown, or its session has expired or ended
                   └── RefreshTokenReused       replaced by newer ones; its session has ended
NotFound           └── SessionNotFound
"""

from __future__ import annotations

from shared.errors import NotAuthenticated, NotFound


class InvalidRefreshToken(NotAuthenticated):
    code, title = "invalid-refresh-token", "Refresh token not accepted"
    detail = "The refresh token is unknown, or its session has ended. Sign in again."


class RefreshTokenReused(NotAuthenticated):
    code, title = "refresh-token-reused", "Refresh token used twice"
    detail = (
        "Newer refresh tokens have replaced this one, so it may be stolen, and its session has ended. "
        "Sign in again."
    )


class SessionNotFound(NotFound):
    code, title = "session-not-found", "Session not found"
    detail = "You have no such session, or it has ended. GET /sessions lists your sessions."
