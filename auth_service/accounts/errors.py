"""The refusals of accounts.

NotAuthenticated   └── InvalidCredentials       wrong e-mail or wrong password, never which
PermissionDenied   ├── AccountDisabled
                   ├── GuestsHaveNoAccount
                   └── WrongPassword            while changing one's own account
NotFound           └── AccountNotFound
Conflict           ├── EmailAlreadyRegistered
                   └── OwnAccount               an administrator may not lock themselves out
"""

from __future__ import annotations

from shared.errors import Conflict, NotAuthenticated, NotFound, PermissionDenied

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="trolley"'}
"""The header that RFC 9110 (section 11.6.1) requires in every 401."""


class InvalidCredentials(NotAuthenticated):
    code, title = "invalid-credentials", "Wrong e-mail address or password"

    def __init__(self) -> None:
        super().__init__("No account has this e-mail address and password. Check both.", headers=CHALLENGE)


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


class EmailAlreadyRegistered(Conflict):
    code, title = "email-already-registered", "E-mail address taken"

    def __init__(self) -> None:
        super().__init__("An account with this e-mail address exists. Sign in, or use another address.")


class OwnAccount(Conflict):
    code, title = "own-account", "Your own account"

    def __init__(self) -> None:
        super().__init__("Another administrator has to change your role or disable you.")
