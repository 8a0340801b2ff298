"""Addresses and new passwords, from the terminal or from stdin. Where nobody can be asked, an error names the
option."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import typer

from auth_service.accounts.emails import normalise_email
from auth_service.accounts.password_rules import (
    PASSWORD_MAX,
    PASSWORD_MIN,
    PRIVILEGED_PASSWORD_MIN,
    given_password,
    shortest,
)
from shared.errors import InvalidInput
from shared.security.identity import Role
from trolley.cli.console import execute
from trolley.cli.identity import first_line
from trolley.errors import CommandFailed
from trolley.invocation import command

_POINTER = "/password"


@dataclass(frozen=True, slots=True)
class PasswordRule:
    """The length of a new password, and its wording."""

    least: int
    text: str

    @classmethod
    def of(cls, role: Role | None) -> PasswordRule:
        """Of this role; of any account, if only the shop knows the role."""
        if role is not None:
            return cls(shortest(role), f"{shortest(role)} to {PASSWORD_MAX} characters")
        privileged = f"at least {PRIVILEGED_PASSWORD_MIN} for an editor or an administrator"
        return cls(PASSWORD_MIN, f"{PASSWORD_MIN} to {PASSWORD_MAX} characters, {privileged}")

    def fault(self, given: str) -> str | None:
        """What is wrong with the length; None if nothing."""
        try:
            fits = len(given_password(given)) >= self.least
        except ValueError:
            fits = False
        return None if fits else f"The password has {self.text}."


def address_of(given: str) -> str:
    """The given address, else one that is asked for, if the shop accepts it. Raises `typer.BadParameter`, and
    `CommandFailed` where nobody can be asked."""
    if given:
        return _address(given)
    if not sys.stdin.isatty():
        raise CommandFailed("There is no terminal to ask on. Pass --email and --password-stdin.")
    return str(typer.prompt("E-mail", value_proc=_address))


def _address(given: str) -> str:
    try:
        return normalise_email(given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--email") from error


def set_password(from_stdin: bool, rule: PasswordRule, work: Callable[[str], Awaitable[object]]) -> None:
    """Does the work with a new password. At a terminal it asks again for one that the shop refuses."""
    while refusal := execute(_attempt(work, _new_password(from_stdin, rule), again=not from_stdin)):
        _tell(refusal)


async def _attempt(work: Callable[[str], Awaitable[object]], password: str, *, again: bool) -> str:
    """What is wrong with the password, if another one can be asked for. Raises what the work raises."""
    try:
        await work(password)
    except InvalidInput as error:
        if not again or {at.pointer for at in error.errors} != {_POINTER}:
            raise
        return " ".join(at.message for at in error.errors)
    return ""


def _new_password(from_stdin: bool, rule: PasswordRule) -> str:
    if from_stdin:
        given = first_line()
        if fault := rule.fault(given):
            raise CommandFailed(fault)
        return given
    if not sys.stdin.isatty():
        raise CommandFailed("There is no terminal to ask for the password on. Pass it with --password-stdin.")
    return _asked(rule)


def _asked(rule: PasswordRule) -> str:
    while True:
        given = str(typer.prompt(f"Password ({rule.text})", hide_input=True))
        if fault := rule.fault(given):
            _tell(fault)
        elif given == typer.prompt("Repeat the password", hide_input=True):
            return given
        else:
            _tell("The two passwords differ.")


def short_password_hint(email: str) -> str:
    """What somebody who gets more rights has to know: nobody can read how long the password is."""
    reset = command("users", "reset", shlex.quote(email))
    return (
        f"With a password of fewer than {PRIVILEGED_PASSWORD_MIN} characters the next sign-in is refused: "
        f"`{reset}` mails a code for a new one"
    )


def _tell(fault: str) -> None:
    typer.echo(f"{fault} Type another one.", err=True)
