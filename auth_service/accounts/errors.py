"""The refusals of accounts, by their status. `sign_in/oauth_errors.py` shows some of them to OAuth clients as
400.

401 NotAuthenticated   └── InvalidCredentials       wrong e-mail or wrong password, never which
403 PermissionDenied   ├── AccountDisabled
                       ├── GuestsHaveNoAccount
                       ├── NoPassword               it was removed, or never set
                       ├── PasswordTooWeak          when an account has got more rights than its password fits
                       └── WrongPassword            when somebody changes their own account
404 NotFound           └── AccountNotFound
409 Conflict           ├── EmailAlreadyRegistered
                       ├── EmailNotVerified         before an account gets more rights
                       ├── LastAdmin                the shop keeps one administrator
                       └── OwnAccount               administrators cannot lock themselves out
"""

from __future__ import annotations

from shared.errors import Conflict, NotAuthenticated, NotFound, PermissionDenied


class InvalidCredentials(NotAuthenticated):
    code, title = "invalid-credentials", "Wrong e-mail address or password"
    detail = "No account has this e-mail address and password. Check both."


class AccountDisabled(PermissionDenied):
    code, title = "account-disabled", "Account disabled"
    detail = "An administrator has disabled this account. Ask the shop to enable it."


class GuestsHaveNoAccount(PermissionDenied):
    code, title = "guest-has-no-account", "Guests have no account"
    detail = "A guest has no account to change. Register or sign in first."


class NoPassword(PermissionDenied):
    code, title = "no-password", "Account without a password"
    detail = (
        "This account has no password. Ask for a code at `/api/v1/auth/codes` with the purpose `reset`, and "
        "set one with it."
    )


class PasswordTooWeak(PermissionDenied):
    code, title = "password-too-weak", "Password too weak for this role"
    detail = (
        "The password is right, but editors and administrators need one of at least 15 characters that "
        "nobody guesses. Ask for a code by mail and set a new one, or ask the shop's operator."
    )


class WrongPassword(PermissionDenied):
    code, title = "wrong-password", "Wrong password"
    detail = "The password is wrong. Send the current password of this account."


class AccountNotFound(NotFound):
    code, title = "account-not-found", "Account not found"
    detail = "There is no such account, or it was deleted. Check its e-mail address or id."


class EmailAlreadyRegistered(Conflict):
    code, title = "email-already-registered", "E-mail address taken"
    detail = "An account with this e-mail address exists. Sign in, or use another address."


class EmailNotVerified(Conflict):
    code, title = "email-not-verified", "E-mail address not verified"
    detail = (
        "The owner of this e-mail address has not confirmed the account, so somebody else may have "
        "registered it. Let them confirm it with the code in their mail, and repeat the request."
    )


class LastAdmin(Conflict):
    code, title = "last-admin", "Last administrator"
    detail = "This is the shop's last enabled administrator. Make another account an administrator first."


class OwnAccount(Conflict):
    code, title = "own-account", "Your own account"
    detail = "You cannot change your own access here. Ask another administrator, or use the routes of `/me`."
