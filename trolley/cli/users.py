"""`trolley users`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import typer
from rich.table import Table

from shared.security.identity import Role
from trolley.cli.asking import PasswordRule, address_of, set_password, short_password_hint
from trolley.cli.console import console, execute, not_blank, print_json
from trolley.cli.identity import AdministratorOption, PasswordOption, UrlOption, administrator, identity_of
from trolley.client import require_success, shop_client
from trolley.environment import operator_environment, shop_url
from trolley.errors import CommandFailed
from trolley.invocation import command
from trolley.operations import operate

app = typer.Typer(help="Accounts.", no_args_is_help=True)

_USERS = "/api/v1/auth/users"
_REAUTHENTICATE = "urn:trolley:problem:reauthenticate"
_LOOKS, _LOOK_SECONDS = 6, 0.5
"""A list shows a new account about a second later."""


def _address(given: str) -> str:
    """Refuses what is no address, such as an empty variable of a shell: no account must be found by it."""
    if "@" not in given:
        raise typer.BadParameter("give the whole e-mail address of one account.")
    return given.strip()


EmailArgument = Annotated[str, typer.Argument(help="The e-mail address of the account.", callback=_address)]


@app.callback()
def users() -> None:
    """Accounts."""


@app.command()
def create(
    *,
    email: Annotated[str, typer.Option(help="The e-mail address to sign in with. [asked for]")] = "",
    name: Annotated[str, typer.Option(help="The displayed name. [the first part of the e-mail]")] = "",
    admin: Annotated[bool, typer.Option("--admin", help="May manage products, users and any cart.")] = False,
    editor: Annotated[bool, typer.Option("--editor", help="May manage products and promotions.")] = False,
    password_stdin: PasswordOption = False,
) -> None:
    """Create an account, for example the first admin.

    The password is asked for, or read from stdin. It is not an argument, because other users of this machine
    can see arguments. The command works on the store, so it needs no account, but the shop has to run.
    """
    if admin and editor:
        raise typer.BadParameter(
            "give --admin or --editor, not both: an admin may do all that an editor may."
        )
    role = Role.ADMIN if admin else Role.EDITOR if editor else Role.CUSTOMER
    environment, address = operator_environment(), address_of(email)
    shown = name or address.partition("@")[0]
    set_password(
        password_stdin,
        PasswordRule.of(role),
        lambda new: operate(environment, lambda operator: operator.create_user(shown, address, new, role)),
    )
    console.print(f"{role.value.capitalize()} {address} can sign in.", style="green")


@app.command("list")
def show(
    email: Annotated[
        str | None, typer.Argument(help="An address, or without an @ the beginning of addresses. [all]")
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each account.")] = False,
    limit: Annotated[int, typer.Option(help="The most accounts to show.", min=1, max=100_000)] = 1_000,
    who: AdministratorOption = "admin",
    url: UrlOption = None,
) -> None:
    """Show the accounts, the oldest first."""
    found = execute(_list(who, url, email, limit))
    if as_json:
        for user in found:
            print_json(user)
    else:
        console.print(_table(found) if found else _nobody(email))


@app.command("show")
def show_one(email: EmailArgument, *, who: AdministratorOption = "admin", url: UrlOption = None) -> None:
    """Show an account, as JSON."""
    print_json(execute(_read(who, url, email, "")), indent=True)


@app.command()
def promote(
    email: EmailArgument,
    *,
    editor: Annotated[
        bool, typer.Option("--editor", help="An editor's instead of an administrator's.")
    ] = False,
    who: AdministratorOption = "admin",
    url: UrlOption = None,
) -> None:
    """Make an account an administrator's, or an editor's, after its next sign-in.

    Its address must be verified: somebody else may have registered it.
    """
    role = Role.EDITOR if editor else Role.ADMIN
    outcome = "is an editor" if editor else "is an administrator"
    _change(who, url, email, {"role": role.value}, f"{outcome}. {short_password_hint(email)}")


@app.command()
def demote(email: EmailArgument, *, who: AdministratorOption = "admin", url: UrlOption = None) -> None:
    """Make an account a customer's again, and end its sessions. The last administrator stays one."""
    _change(who, url, email, {"role": Role.CUSTOMER.value}, "is a customer")


@app.command()
def disable(email: EmailArgument, *, who: AdministratorOption = "admin", url: UrlOption = None) -> None:
    """Keep an account from signing in, and end its sessions."""
    _change(who, url, email, {"disabled": True}, "cannot sign in")


@app.command()
def enable(email: EmailArgument, *, who: AdministratorOption = "admin", url: UrlOption = None) -> None:
    """Let a disabled account sign in again."""
    _change(who, url, email, {"disabled": False}, "can sign in")


@app.command()
def sessions(email: EmailArgument, *, who: AdministratorOption = "admin", url: UrlOption = None) -> None:
    """Show the devices that are signed in to an account, the oldest first."""
    found = execute(_read(who, url, email, "/sessions"))["items"]
    table = Table("Session", "Since", "Last renewed", "Device", title=f"Devices of {email}")
    for each in found:
        times = (each[name][:16].replace("T", " ") for name in ("created_at", "refreshed_at"))
        table.add_row(each["id"], *times, each["user_agent"])
    console.print(table if found else f"Nobody is signed in to {email}.")


@app.command()
def end(
    email: EmailArgument,
    session: Annotated[
        str | None,
        typer.Argument(help="One session, as `sessions` lists it. [all]", callback=not_blank),
    ] = None,
    *,
    who: AdministratorOption = "admin",
    url: UrlOption = None,
) -> None:
    """End the sessions of an account, or one of them."""
    path = f"/sessions/{session}" if session else "/sessions"
    execute(_act(who, url, email, "DELETE", path))
    console.print(f"{email} is signed out.", style="green")


@app.command()
def reset(email: EmailArgument, *, who: AdministratorOption = "admin", url: UrlOption = None) -> None:
    """Mail an account a code for a new password."""
    execute(_act(who, url, email, "POST", "/reset"))
    console.print(f"A code for a new password goes to {email}.", style="green")


@app.command()
def delete(
    email: EmailArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    who: AdministratorOption = "admin",
    url: UrlOption = None,
) -> None:
    """Delete an account with everything that is kept about its owner. It cannot be undone."""
    if not yes:
        _confirm(f"Delete {email} and everything that is kept about its owner?")
    execute(_act(who, url, email, "DELETE", ""))
    console.print(f"{email} is deleted.", style="green")


@app.command()
def password(email: EmailArgument, *, password_stdin: PasswordOption = False) -> None:
    """Give an account a new password, and end its sessions.

    The password is asked for, or read from stdin. The command works on the store, as `create` does.
    """
    environment = operator_environment()
    set_password(
        password_stdin,
        PasswordRule.of(None),
        lambda new: operate(environment, lambda operator: operator.set_password(email, new)),
    )
    console.print(f"{email} can sign in with the new password.", style="green")


def _change(who: str, url: str | None, email: str, wanted: dict[str, Any], outcome: str) -> None:
    execute(_act(who, url, email, "PATCH", "", wanted))
    console.print(f"{email} {outcome}.", style="green")


@asynccontextmanager
async def _administration(who: str, url: str | None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the shop with the administrator's token."""
    environment = operator_environment(url=url)
    base_url = shop_url(environment, url)
    token = administrator(who, base_url, environment)
    async with shop_client(base_url) as client:
        client.headers["Authorization"] = f"Bearer {await token()}"
        yield client


async def _read(who: str, url: str | None, email: str, path: str) -> Any:
    async with _administration(who, url) as client:
        user = await _find(client, email)
        return require_success(await client.get(f"{_USERS}/{user['id']}{path}"))


async def _act(  # noqa: PLR0917  (a request)
    who: str, url: str | None, email: str, method: str, path: str, body: Any = None
) -> None:
    """Asks for the password once more if the administrator's sign-in is too long ago."""
    answer = await _send(who, url, email, method, path, body)
    if _REAUTHENTICATE in answer.text and "@" in who:
        environment = operator_environment(url=url)
        identity_of(who, shop_url(environment, url), environment).forget()
        answer = await _send(who, url, email, method, path, body)
    require_success(answer)


async def _send(  # noqa: PLR0917  (a request)
    who: str, url: str | None, email: str, method: str, path: str, body: Any
) -> httpx.Response:
    async with _administration(who, url) as client:
        user = await _find(client, email)
        return await client.request(method, f"{_USERS}/{user['id']}{path}", json=body)


async def _find(client: httpx.AsyncClient, email: str) -> dict[str, Any]:
    for _ in range(_LOOKS):
        page = require_success(await client.get(_USERS, params={"email": email, "limit": 1}))
        if page["items"]:
            return dict(page["items"][0])
        await asyncio.sleep(_LOOK_SECONDS)
    raise CommandFailed(
        f"No account has the address {email}. `{command('users', 'list')}` shows all of them."
    )


async def _list(who: str, url: str | None, email: str | None, limit: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    query = {"limit": "100"}
    if email:
        query["email" if "@" in email else "email_prefix"] = email
    async with _administration(who, url) as client:
        while len(found) < limit:
            page = require_success(await client.get(_USERS, params=query))
            found += page["items"]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
    return found[:limit]


def _nobody(email: str | None) -> str:
    if not email:
        return "There are no accounts."
    return f"No account has {'the address' if '@' in email else 'an address that begins with'} {email}."


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table("E-mail", "Name", "Role", "Since", "", title="Accounts")
    for column in table.columns:
        column.overflow = "fold"
    for user in found:
        state = ", ".join(_states(user))
        table.add_row(user["email"], user["name"], user["role"], user["created_at"][:10], state)
    return table


def _states(user: Mapping[str, Any]) -> Iterator[str]:
    if user["disabled"]:
        yield "disabled"
    if not user["email_verified"]:
        yield "not verified"


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise CommandFailed("There is no terminal to ask on. Pass --yes to do it without a question.")
    typer.confirm(question, abort=True)
