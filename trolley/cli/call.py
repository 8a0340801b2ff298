"""`trolley call`."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import httpx
import typer

from trolley.cli.completion import complete_method, complete_path
from trolley.cli.console import console, describe_os_error, execute, print_line
from trolley.cli.identity import PasswordOption, UrlOption, WhoOption, first_line, identity_of
from trolley.client import shop_client
from trolley.environment import operator_environment, shop_url
from trolley.sessions import KeptIdentity

JSON, EVENT_STREAM = "application/json", "text/event-stream"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

MethodArgument = Annotated[
    str, typer.Argument(help="GET, POST, PUT, PATCH or DELETE.", autocompletion=complete_method)
]
PathArgument = Annotated[
    str, typer.Argument(help="/api/v1/cart, or in short /cart.", autocompletion=complete_path)
]
DataOption = Annotated[
    str | None,
    typer.Option("--data", "-d", help="The JSON body. @FILE reads it from a file, @- from stdin."),
]
HeaderOption = Annotated[
    list[str] | None,
    typer.Option("--header", "-H", help="A header, as in 'If-Match: \"3\"'. Repeatable."),
]

_READ_SECONDS = 300
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110


def call(
    method: MethodArgument,
    path: PathArgument,
    *,
    who: WhoOption = None,
    data: DataOption = None,
    header: HeaderOption = None,
    include: Annotated[bool, typer.Option("--include", "-i", help="Show the answer's headers too.")] = False,
    password_stdin: PasswordOption = False,
    url: UrlOption = None,
) -> None:
    """Call any route of the shop as a guest, an account or an admin.

    The identity is kept in your state folder for the next call, so `--as guest` is the same guest again, with
    the same cart. A stream of events is shown until Ctrl-C. Ends with status 1 if the answer is an error.

    Example:
        trolley call GET '/products?q=coffee&limit=3'
        trolley call GET /cart --as guest
    """
    verb, target, headers = checked_method(method), full_path(path), headers_of(header or [], data)
    if password_stdin and data == "@-":
        raise typer.BadParameter("stdin has the password. Give the body in another way.", param_hint="--data")
    body = body_of(data)
    environment = operator_environment(url=url)
    base_url = shop_url(environment, url)
    password = first_line if password_stdin else None
    identity = identity_of(who, base_url, environment, password) if who else None
    request = httpx.Request(verb, base_url + target, headers=headers, content=body)
    with suppress(KeyboardInterrupt):
        if execute(_call(base_url, request, identity, include=include)):
            raise typer.Exit(1)


async def _call(
    base_url: str, request: httpx.Request, identity: KeptIdentity | None, *, include: bool
) -> bool:
    """Shows the answer. Returns whether it is an error."""
    async with shop_client(base_url, timeout_seconds=_READ_SECONDS) as client:
        response = await send(client, request, identity)
        try:
            if response.is_success and response.headers.get("content-type", "").startswith(EVENT_STREAM):
                show_head(response, include=include)
                async for line in response.aiter_lines():
                    print_line(line)
            else:
                await response.aread()
                show(response, include=include)
        finally:
            await response.aclose()
        return response.is_error


async def send(
    client: httpx.AsyncClient, request: httpx.Request, identity: KeptIdentity | None
) -> httpx.Response:
    """Sends the request as that identity. The body of the answer is not read. A session that the shop refuses
    is replaced once."""
    response = await _send_once(client, request, identity)
    if response.status_code == httpx.codes.UNAUTHORIZED and identity:
        await response.aclose()
        identity.forget()
        response = await _send_once(client, request, identity)
    return response


async def _send_once(
    client: httpx.AsyncClient, request: httpx.Request, identity: KeptIdentity | None
) -> httpx.Response:
    if identity:
        request.headers["Authorization"] = f"Bearer {await identity.token(client)}"
    return await client.send(request, stream=True)


def checked_method(method: str) -> str:
    """The method in upper case. Raises `typer.BadParameter` for an unknown method."""
    if method.upper() not in METHODS:
        raise typer.BadParameter(f"give one of {', '.join(METHODS)}, not {method!r}.", param_hint="METHOD")
    return method.upper()


def full_path(path: str) -> str:
    """The path with /api/v1 before it. Raises `typer.BadParameter` for an address."""
    if "://" in path.partition("?")[0]:
        raise typer.BadParameter(
            f"give the path only, and the address with --url, not {path!r}.", param_hint="PATH"
        )
    absolute = path if path.startswith("/") else f"/{path}"
    return absolute if absolute.startswith(("/api/", "/docs", "/openapi.json")) else f"/api/v1{absolute}"


def headers_of(entries: list[str], data: str | None) -> dict[str, str]:
    """`Name: value` entries. Raises `typer.BadParameter` for anything else."""
    headers = {"Content-Type": JSON} if data is not None else {}
    for entry in entries:
        name, colon, value = entry.partition(":")
        well_formed = _HEADER_NAME.fullmatch(name.strip()) and value.isascii() and value.strip().isprintable()
        if not colon or not well_formed:
            raise typer.BadParameter(
                f"give a name and a value of printable ASCII, as in 'If-Match: \"3\"', not {entry!r}.",
                param_hint="--header",
            )
        headers[name.strip()] = value.strip()
    return headers


def body_of(data: str | None) -> bytes | None:
    """The given body, or that of the file. Raises `typer.BadParameter` if the file cannot be read."""
    if data is None or not data.startswith("@"):
        return os.fsencode(data) if data is not None else None
    if data == "@-":
        return sys.stdin.buffer.read()
    try:
        return Path(data[1:]).read_bytes()
    except (OSError, ValueError) as error:
        reason = describe_os_error(error) if isinstance(error, OSError) else str(error)
        raise typer.BadParameter(reason, param_hint="--data") from error


def show(response: httpx.Response, *, include: bool) -> None:
    """Prints JSON indented, and in colours on a terminal. Prints another body unchanged."""
    show_head(response, include=include)
    if not response.content:
        return
    if "json" in response.headers.get("content-type", "") and (text := _json_of(response)):
        console.print_json(text)
    elif console.is_terminal:
        console.print(response.text, highlight=False, soft_wrap=True)
    else:
        sys.stdout.buffer.write(response.content)
        sys.stdout.buffer.flush()


def show_head(response: httpx.Response, *, include: bool) -> None:
    """Prints the status of an error or of an empty answer. With `include` it also prints the headers."""
    style = "red" if response.is_error else "green"
    is_stream = not response.is_stream_consumed
    if include or response.is_error or not (is_stream or response.content):
        console.print(f"{response.status_code} {response.reason_phrase}", style=style)
    if include:
        for name, value in response.headers.items():
            console.print(f"{name}:", style="dim", end=" ", highlight=False)
            console.print(value, highlight=False, soft_wrap=True)


def _json_of(response: httpx.Response) -> str | None:
    """The text, if it is one JSON value; lines of JSON (NDJSON) are not."""
    try:
        response.json()
    except ValueError:
        return None
    return response.text
