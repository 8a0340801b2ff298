"""What sign-in can refuse.

NotAuthenticated   ├── InvalidCredentials       wrong e-mail or wrong password, never which
                   ├── InvalidRefreshToken      unknown, expired or ended
                   └── RefreshTokenReused       spent before; its session is ended
PermissionDenied   ├── AccountDisabled
                   ├── GuestsHaveNoAccount
                   └── WrongPassword            while changing one's own account
NotFound           ├── AccountNotFound
                   └── SessionNotFound
Conflict           ├── EmailAlreadyRegistered
                   └── OwnAccount               an administrator may not lock themselves out
"""

from __future__ import annotations

from shared.errors import Conflict, NotAuthenticated, NotFound, PermissionDenied

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="trolley"'}
"""What RFC 9110 (section 11.6.1) wants in every 401."""


class InvalidCredentials(NotAuthenticated):
    code, title = "invalid-credentials", "Wrong e-mail address or password"

    def __init__(self) -> None:
        super().__init__("No account has this e-mail address and password. Check both.", headers=_CHALLENGE)


class InvalidRefreshToken(NotAuthenticated):
    code, title = "invalid-refresh-token", "Refresh token not accepted"

    def __init__(self) -> None:
        super().__init__(
            "The refresh token is unknown, or its session has ended. Sign in again.", headers=_CHALLENGE
        )


class RefreshTokenReused(NotAuthenticated):
    code, title = "refresh-token-reused", "Refresh token used twice"

    def __init__(self) -> None:
        super().__init__(
            "This refresh token was exchanged before, so it may be stolen, and its session has ended. "
            "Sign in again.",
            headers=_CHALLENGE,
        )


class AccountDisabled(PermissionDenied):
    code, title = "account-disabled", "Account disabled"

    def __init__(self) -> None:
        super().__init__("An administrator has disabled this account.")


class GuestsHaveNoAccount(PermissionDenied):
    code, title = "guest-has-no-account", "Guests have no account"

    def __init__(self) -> None:
        super().__init__("A guest has no account to change. Register or sign in first.")


class WrongPassword(PermissionDenied):
    code, title = "wrong-password", "Wrong password"

    def __init__(self) -> None:
        super().__init__("The password of this account is another one.")


class AccountNotFound(NotFound):
    code, title = "account-not-found", "Account not found"

    def __init__(self) -> None:
        super().__init__("There is no such account, or it was deleted.")


class SessionNotFound(NotFound):
    code, title = "session-not-found", "Session not found"

    def __init__(self) -> None:
        super().__init__("You have no such session, or it has ended.")


class EmailAlreadyRegistered(Conflict):
    code, title = "email-already-registered", "E-mail address taken"

    def __init__(self) -> None:
        super().__init__("An account with this e-mail address exists. Sign in, or use another address.")


class OwnAccount(Conflict):
    code, title = "own-account", "Your own account"

    def __init__(self) -> None:
        super().__init__("Another administrator has to change your role or disable you.")
