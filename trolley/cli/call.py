"""`trolley call`."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Annotated

import httpx
import typer

from trolley.cli.console import console, describe_os_error, execute, warn
from trolley.cli.options import UrlOption
from trolley.client import shop_client
from trolley.environment import DATA, operator_environment, shop_url
from trolley.operations import operator_session
from trolley.sessions import KeptIdentity, SessionFile, guest_session, login

JSON = "application/json"


def call(
    method: Annotated[str, typer.Argument(help="GET, POST, PUT, PATCH or DELETE.")],
    path: Annotated[str, typer.Argument(help="/api/v1/cart, or in short /cart.")],
    *,
    who: Annotated[
        str | None, typer.Option("--as", help="guest, admin, or the e-mail address of an account.")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", "-d", help="The JSON body; @FILE reads it from a file, @- from stdin."),
    ] = None,
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help="As in 'If-Match: \"3\"'; repeatable.")
    ] = None,
    include: Annotated[bool, typer.Option("--include", "-i", help="Show the answer's headers too.")] = False,
    url: UrlOption = None,
) -> None:
    """Call any route of the shop, as anyone.

    The identity is kept in .data/sessions.json for the next call, so `--as guest` is the same guest again,
    with the same cart. Ends with status 1 when the answer is an error.

    Example: `trolley call POST /cart/items --as guest -d '{"product_id": "p0…", "quantity": 2}'`
    """
    environment = operator_environment()
    base_url = url or shop_url(environment)
    identity = identity_of(who, base_url, environment) if who else None
    headers = headers_of(header or [], data)
    request = httpx.Request(
        method.upper(), base_url + full_path(path), headers=headers, content=body_of(data)
    )
    response = execute(send(base_url, request, identity))
    show(response, include=include)
    if response.is_error:
        raise typer.Exit(1)


def identity_of(who: str, base_url: str, environment: dict[str, str]) -> KeptIdentity:
    """The identity that `--as` names, kept per shop."""
    file = session_file()
    name = f"{who} {base_url}"
    if who == "guest":
        return KeptIdentity(name, file, guest_session)
    if who == "admin":
        return KeptIdentity(name, file, lambda _client: operator_session(environment))
    if "@" not in who:
        raise typer.BadParameter(f"guest, admin or an e-mail address; not {who!r}.", param_hint="--as")
    return KeptIdentity(name, file, login(who, lambda: ask_password(who)))


@cache
def session_file() -> SessionFile:
    """One for the whole process: the lines of a shell share what cannot be written."""
    return SessionFile(DATA / "sessions.json", warn)


def ask_password(email: str) -> str:
    """Asks on the terminal, without showing what is typed."""
    return str(typer.prompt(f"Password of {email}", hide_input=True))


async def send(base_url: str, request: httpx.Request, identity: KeptIdentity | None) -> httpx.Response:
    """Sends it as that identity. A kept session that the shop no longer takes is replaced once."""
    async with shop_client(base_url) as client:
        response = await _send_once(client, request, identity)
        if response.status_code == httpx.codes.UNAUTHORIZED and identity:
            identity.forget()
            response = await _send_once(client, request, identity)
        return response


async def _send_once(
    client: httpx.AsyncClient, request: httpx.Request, identity: KeptIdentity | None
) -> httpx.Response:
    if identity:
        request.headers["Authorization"] = f"Bearer {await identity.token(client)}"
    return await client.send(request)


def full_path(path: str) -> str:
    """Routes may be named without /api/v1."""
    absolute = path if path.startswith("/") else f"/{path}"
    return absolute if absolute.startswith(("/api/", "/docs", "/openapi.json")) else f"/api/v1{absolute}"


def headers_of(entries: list[str], data: str | None) -> dict[str, str]:
    """`Name: value` entries. Raises `typer.BadParameter` for anything else."""
    headers = {"Content-Type": JSON} if data is not None else {}
    for entry in entries:
        name, colon, value = entry.partition(":")
        if not colon:
            raise typer.BadParameter(f"as in 'If-Match: \"3\"'; not {entry!r}.", param_hint="--header")
        headers[name.strip()] = value.strip()
    return headers


def body_of(data: str | None) -> bytes | None:
    """The body itself, or what the file holds. Raises `typer.BadParameter` when that cannot be read."""
    if data is None or not data.startswith("@"):
        return data.encode() if data is not None else None
    if data == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(data[1:]).read_bytes()
    except OSError as error:
        raise typer.BadParameter(describe_os_error(error), param_hint="--data") from error


def show(response: httpx.Response, *, include: bool) -> None:
    """JSON is laid out and coloured on a terminal; anything else is printed as it came."""
    style = "red" if response.is_error else "green"
    if include or response.is_error or not response.content:
        console.print(f"[{style}]{response.status_code} {response.reason_phrase}[/]")
    if include:
        for name, value in response.headers.items():
            console.print(f"[dim]{name}:[/] {value}", highlight=False, soft_wrap=True)
    if "json" in response.headers.get("content-type", "") and response.content:
        console.print_json(response.text)
    elif response.content:
        console.print(response.text, markup=False, highlight=False, soft_wrap=True)
